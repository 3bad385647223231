import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, StreamViewType, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Effect, PolicyStatement, StarPrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { type KeyType, type TableName, tableKeys } from "../events/store/tables.ts";

const attributeTypes: Record<KeyType, AttributeType> = { S: AttributeType.STRING, N: AttributeType.NUMBER };

/** Tables whose streams wake a function; the records are wake-ups, so keys are enough. */
const streamed: ReadonlySet<TableName> = new Set<TableName>(["log", "feed"]);

/** Tables of facts: nobody at all may change or take away an item, whatever a role of the account allows. */
const appendOnly: ReadonlySet<TableName> = new Set<TableName>(["log", "feed"]);

/**
 * Every way to an item that is there, but for a put without a condition, which no policy can tell from an append; the
 * feed's hashes would show it. To live and die by time counts as a way.
 */
function denyChanges(): PolicyStatement {
  return new PolicyStatement({
    sid: "FactsStay",
    effect: Effect.DENY,
    principals: [new StarPrincipal()],
    actions: [
      "dynamodb:UpdateItem",
      "dynamodb:DeleteItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:PartiQLUpdate",
      "dynamodb:PartiQLDelete",
      "dynamodb:PartiQLInsert",
      "dynamodb:UpdateTimeToLive",
    ],
    // The table itself: its policy cannot name it before it exists.
    resources: ["*"],
  });
}

export type Tables = Readonly<Record<TableName, TableV2>>;

export function createTables(scope: Construct): Tables {
  const table = (name: TableName) => {
    const keys = tableKeys[name];
    const made = new TableV2(scope, `${name}-table`, {
      partitionKey: { name: "pk", type: attributeTypes[keys.pk] },
      ...(keys.sk === undefined ? {} : { sortKey: { name: "sk", type: attributeTypes[keys.sk] } }),
      billing: Billing.onDemand(),
      // A key that nobody can disable or delete, with each use in CloudTrail: see docs/decisions/0063.
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(streamed.has(name) ? { dynamoStream: StreamViewType.KEYS_ONLY } : {}),
      ...(name === "operations" ? { timeToLiveAttribute: "expiresAt" } : {}),
    });
    if (appendOnly.has(name)) made.addToResourcePolicy(denyChanges());
    return made;
  };
  return {
    log: table("log"),
    feed: table("feed"),
    marks: table("marks"),
    views: table("views"),
    operations: table("operations"),
  };
}
