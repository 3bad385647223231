import { setTimeout as sleep } from "node:timers/promises";
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import { type AwsEndpoint, awsRequests } from "./aws-requests.ts";
import type { TableKeys } from "./tables.ts";

// The only file that knows DynamoDB. Documents are kept as JSON text in one attribute: see docs/decisions/0001.

export type AttributeContent = string | number;
export type Item = Readonly<Record<string, AttributeContent>>;

/** One condition on the item that is there before a write. */
export type Condition =
  | { readonly absent: string }
  | {
      readonly attribute: string;
      readonly is: "<" | "<=" | "=" | ">=" | ">";
      readonly to: AttributeContent;
    };

export interface Range {
  readonly pk: string;
  /** Sort keys greater than this. */
  readonly after?: AttributeContent;
  /** Sort keys less than this. */
  readonly before?: AttributeContent;
  /** Sort keys that begin with this. */
  readonly prefix?: string;
  readonly descending?: boolean;
  /** At most so many items; default: all. */
  readonly limit?: number;
  /** Attributes to read; default: all. */
  readonly attributes?: readonly string[];
}

/** What the exchange needs of DynamoDB. Reads are consistent; every method throws what the SDK throws after its retries. */
export interface Database {
  get(table: string, key: Item): Promise<Item | undefined>;
  /** Items that exist, in no order; any number of keys. */
  getMany(table: string, keys: readonly Item[]): Promise<Item[]>;
  /** Writes if any of the conditions holds (or if there are none); false: none held. */
  put(table: string, item: Item, anyOf?: readonly Condition[]): Promise<boolean>;
  /** Sets attributes, keeps the others, under the same conditions. */
  update(table: string, key: Item, set: Item, anyOf?: readonly Condition[]): Promise<boolean>;
  remove(table: string, key: Item, anyOf?: readonly Condition[]): Promise<boolean>;
  /** Items of one partition in the order of the sort key. */
  query(table: string, range: Range): Promise<Item[]>;
  /** The whole table, a page at a time, in no order. */
  scan(table: string, attributes: readonly string[]): AsyncGenerator<Item[]>;
  /** Makes a table on a local engine; a table that exists is left as it is. */
  createTable(table: string, keys: TableKeys): Promise<void>;
  close(): void;
}

export interface DynamoOptions extends AwsEndpoint {
  /** Connections kept open at most. Default 64. */
  readonly maxSockets?: number;
}

export function createDynamoDatabase(options: DynamoOptions): Database {
  const client = createClient(options);
  return {
    async get(table, key) {
      const answer = await client.send(
        new GetItemCommand({ TableName: table, Key: marshal(key), ConsistentRead: true }),
      );
      return answer.Item === undefined ? undefined : unmarshal(answer.Item);
    },
    async getMany(table, keys) {
      const groups = chunks(keys, 100).map((group) => getGroup(client, table, group));
      return (await Promise.all(groups)).flat();
    },
    put: (table, item, anyOf = []) =>
      conditional(
        client.send(
          new PutItemCommand({ TableName: table, Item: marshal(item), ...conditionInput(anyOf, {}) }),
        ),
      ),
    update: (table, key, set, anyOf = []) =>
      conditional(client.send(new UpdateItemCommand(updateInput(table, key, set, anyOf)))),
    remove: (table, key, anyOf = []) =>
      conditional(
        client.send(
          new DeleteItemCommand({ TableName: table, Key: marshal(key), ...conditionInput(anyOf, {}) }),
        ),
      ),
    query: (table, range) => queryAll(client, table, range),
    scan: (table, attributes) => scanAll(client, table, attributes),
    createTable: (table, keys) => createTable(client, table, keys),
    close: () => client.destroy(),
  };
}

function createClient({ maxSockets = 64, ...asked }: DynamoOptions): DynamoDBClient {
  const { region, endpoint } = asked;
  const { maxAttempts, requestHandler } = awsRequests(asked);
  const agent = { keepAlive: true, maxSockets };
  const client = new DynamoDBClient({
    region,
    maxAttempts,
    requestHandler: {
      ...requestHandler,
      httpAgent: agent,
      httpsAgent: agent,
      socketAcquisitionWarningTimeout: 25_000,
    },
    // A local engine takes any credentials, but the SDK insists on some.
    ...(endpoint === undefined ? {} : { endpoint, credentials: localCredentials, signer: localSigner }),
  });
  if (endpoint !== undefined) for (const name of ofNoUseLocally) client.middlewareStack.remove(name);
  return client;
}

/** They filter every request for a log that nobody keeps, and tell the engine who calls. */
const ofNoUseLocally = ["loggerMiddleware", "getUserAgentMiddleware"];

const localCredentials = { accessKeyId: "local", secretAccessKey: "local" };

/** A local engine wants a signature and never checks it: to work one out is a fifth of a call's cost. */
const localSigner: NonNullable<DynamoDBClientConfig["signer"]> = {
  async sign(request) {
    const credential = `${localCredentials.accessKeyId}/20260101/local/dynamodb/aws4_request`;
    request.headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`;
    request.headers["x-amz-date"] = "20260101T000000Z";
    return request;
  },
};

type Attributes = Record<string, AttributeValue>;

function marshal(item: Item): Attributes {
  const attributes: Attributes = {};
  for (const [name, content] of Object.entries(item)) attributes[name] = marshalContent(content);
  return attributes;
}

function marshalContent(content: AttributeContent): AttributeValue {
  return typeof content === "string" ? { S: content } : { N: String(content) };
}

function unmarshal(attributes: Attributes): Item {
  const item: Record<string, AttributeContent> = {};
  for (const [name, value] of Object.entries(attributes)) item[name] = unmarshalContent(name, value);
  return item;
}

function unmarshalContent(name: string, value: AttributeValue): AttributeContent {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  throw new TypeError(`attribute ${name} is neither a string nor a number`);
}

/** Expression attributes, gathered while an expression is written. */
interface Expression {
  readonly names: Record<string, string>;
  readonly values: Attributes;
}

function named(expression: Expression, name: string): string {
  const placeholder = `#${name}`;
  expression.names[placeholder] = name;
  return placeholder;
}

function valued(expression: Expression, content: AttributeContent): string {
  const placeholder = `:v${Object.keys(expression.values).length}`;
  expression.values[placeholder] = marshalContent(content);
  return placeholder;
}

function expressionInput({ names, values }: Expression) {
  return {
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
  };
}

function conditionText(expression: Expression, condition: Condition): string {
  return "absent" in condition
    ? `attribute_not_exists(${named(expression, condition.absent)})`
    : `${named(expression, condition.attribute)} ${condition.is} ${valued(expression, condition.to)}`;
}

function conditionInput(anyOf: readonly Condition[], values: Attributes) {
  if (anyOf.length === 0) return {};
  const expression: Expression = { names: {}, values };
  const text = anyOf.map((condition) => conditionText(expression, condition)).join(" OR ");
  return { ConditionExpression: text, ...expressionInput(expression) };
}

function updateInput(table: string, key: Item, set: Item, anyOf: readonly Condition[]) {
  const expression: Expression = { names: {}, values: {} };
  const assignments = Object.entries(set).map(
    ([name, content]) => `${named(expression, name)} = ${valued(expression, content)}`,
  );
  const conditions = anyOf.map((condition) => conditionText(expression, condition)).join(" OR ");
  return {
    TableName: table,
    Key: marshal(key),
    UpdateExpression: `SET ${assignments.join(", ")}`,
    ...(conditions === "" ? {} : { ConditionExpression: conditions }),
    ...expressionInput(expression),
  };
}

async function conditional(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Times in a row that a batch may give nothing. */
const emptyBatches = 8;

/**
 * What a batch leaves out is more than one answer holds, or more than the table can read now: where nothing at all came,
 * it is asked again after a pause, with full jitter over a span that doubles from 20 ms.
 */
async function getGroup(client: DynamoDBClient, table: string, keys: readonly Item[]): Promise<Item[]> {
  const found: Item[] = [];
  let wanted: Attributes[] = keys.map(marshal);
  let empty = 0;
  while (wanted.length > 0) {
    if (empty > 0) await sleep(Math.random() * 10 * 2 ** empty);
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: wanted, ConsistentRead: true } } }),
    );
    found.push(...(answer.Responses?.[table] ?? []).map(unmarshal));
    const left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    empty = left.length === wanted.length ? empty + 1 : 0;
    if (empty === emptyBatches)
      throw new Error(`${left.length} keys of ${table} were left out ${emptyBatches} times in a row`);
    wanted = left;
  }
  return found;
}

async function queryAll(client: DynamoDBClient, table: string, range: Range): Promise<Item[]> {
  const found: Item[] = [];
  let start: Attributes | undefined;
  do {
    const answer = await client.send(new QueryCommand(queryInput(table, range, found.length, start)));
    found.push(...(answer.Items ?? []).map(unmarshal));
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && (range.limit === undefined || found.length < range.limit));
  return found;
}

function queryInput(table: string, range: Range, found: number, start: Attributes | undefined) {
  const expression: Expression = { names: {}, values: {} };
  const keys = [
    `${named(expression, "pk")} = ${valued(expression, range.pk)}`,
    ...sortKeys(expression, range),
  ];
  const attributes = range.attributes?.map((name) => named(expression, name)).join(", ");
  return {
    TableName: table,
    KeyConditionExpression: keys.join(" AND "),
    ConsistentRead: true,
    ScanIndexForward: range.descending !== true,
    ...(attributes === undefined ? {} : { ProjectionExpression: attributes }),
    ...(range.limit === undefined ? {} : { Limit: range.limit - found }),
    ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    ...expressionInput(expression),
  };
}

/** DynamoDB takes one condition on the sort key. */
function sortKeys(expression: Expression, { after, before, prefix }: Range): string[] {
  const given = [after, before, prefix].filter((bound) => bound !== undefined).length;
  if (given > 1) throw new TypeError("a range takes one of after, before and prefix");
  if (after !== undefined) return [`${named(expression, "sk")} > ${valued(expression, after)}`];
  if (before !== undefined) return [`${named(expression, "sk")} < ${valued(expression, before)}`];
  if (prefix === undefined) return [];
  return [`begins_with(${named(expression, "sk")}, ${valued(expression, prefix)})`];
}

async function* scanAll(client: DynamoDBClient, table: string, attributes: readonly string[]) {
  let start: Attributes | undefined;
  do {
    const expression: Expression = { names: {}, values: {} };
    const answer = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ProjectionExpression: attributes.map((name) => named(expression, name)).join(", "),
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        ...expressionInput(expression),
      }),
    );
    yield (answer.Items ?? []).map(unmarshal);
    start = answer.LastEvaluatedKey;
  } while (start !== undefined);
}

async function createTable(client: DynamoDBClient, table: string, keys: TableKeys): Promise<void> {
  const schema =
    keys.sk === undefined ? [["pk", keys.pk] as const] : [["pk", keys.pk] as const, ["sk", keys.sk] as const];
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: schema.map(([name]) => ({
          AttributeName: name,
          KeyType: name === "pk" ? ("HASH" as const) : ("RANGE" as const),
        })),
        AttributeDefinitions: schema.map(([name, type]) => ({ AttributeName: name, AttributeType: type })),
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    await finishTable(client, table);
  }
}

/**
 * A local engine that was killed between the two writes that make a table keeps it in CREATING for good, and gives
 * nothing out of it. A change of its throughput, which no local engine heeds, brings it out of that.
 */
async function finishTable(client: DynamoDBClient, table: string): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  if (Table?.TableStatus !== "CREATING") return;
  await client.send(
    new UpdateTableCommand({
      TableName: table,
      BillingMode: "PROVISIONED",
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    }),
  );
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
