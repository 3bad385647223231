import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDynamoDatabase } from "../../events/store/dynamo.ts";
import { createEventBridge } from "./bus.ts";
import { createStepFunctions } from "./workflows.ts";

/** A service whose first connections have died without a word; what comes after is answered. */
let server: Server;
let endpoint: string;
let asked: number;
let dead: number;
let answer: () => { status?: number; content: unknown };

beforeEach(async () => {
  asked = 0;
  dead = 1;
  server = createServer((request, response) => {
    request.resume();
    asked += 1;
    if (asked <= dead) return;
    const { status = 200, content } = answer();
    response.writeHead(status, { "content-type": String(request.headers["content-type"]) });
    response.end(JSON.stringify(content));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const impatient = () => ({ region: "local", endpoint, silenceMs: 250 });

describe("a connection that has fallen silent is given up, and another one asked", () => {
  test("of the tables", async () => {
    answer = () => ({ content: { Item: { pk: { S: "job-1" }, version: { N: "3" } } } });
    const database = createDynamoDatabase(impatient());
    expect(await database.get("marks", { pk: "job-1" })).toEqual({ pk: "job-1", version: 3 });
    expect(asked).toBe(2);
    database.close();
  });

  test("of the bus", async () => {
    answer = () => ({ content: { FailedEntryCount: 0, Entries: [] } });
    expect(await createEventBridge(impatient())([])).toMatchObject({ FailedEntryCount: 0 });
    expect(asked).toBe(2);
  });

  test("of the workflows", async () => {
    answer = () => ({ content: { executionArn: "arn:job:1", startDate: 1_772_416_830 } });
    expect(await createStepFunctions(impatient()).start({ stateMachineArn: "arn:job", input: {} })).toBe(
      true,
    );
    expect(asked).toBe(2);
  });
});

describe("a service that has too much to do is asked more often than the SDK would", () => {
  const busyUntil = (last: number, content: unknown) => {
    dead = 0;
    answer = () =>
      asked < last ? { status: 500, content: { __type: "InternalFailure", message: "busy" } } : { content };
  };

  test("the bus", async () => {
    busyUntil(5, { FailedEntryCount: 0, Entries: [] });
    expect(await createEventBridge(impatient())([])).toMatchObject({ FailedEntryCount: 0 });
  });

  test("the workflows", async () => {
    busyUntil(5, { executionArn: "arn:job:1", startDate: 1_772_416_830 });
    expect(await createStepFunctions(impatient()).start({ stateMachineArn: "arn:job", input: {} })).toBe(
      true,
    );
  });
});

describe("items that the tables left out of a batch", () => {
  const left = { marks: { Keys: [{ pk: { S: "b" } }] } };
  const item = (pk: string) => ({ pk: { S: pk } });

  test("are asked for again", async () => {
    dead = 0;
    answer = () =>
      asked < 3
        ? { content: { Responses: { marks: asked === 1 ? [item("a")] : [] }, UnprocessedKeys: left } }
        : { content: { Responses: { marks: [item("b")] }, UnprocessedKeys: {} } };
    const database = createDynamoDatabase(impatient());
    expect(await database.getMany("marks", [{ pk: "a" }, { pk: "b" }])).toEqual([{ pk: "a" }, { pk: "b" }]);
    database.close();
  });

  test("are not asked for without end where none comes", async () => {
    dead = 0;
    answer = () => ({ content: { Responses: { marks: [] }, UnprocessedKeys: left } });
    const database = createDynamoDatabase(impatient());
    await expect(database.getMany("marks", [{ pk: "b" }])).rejects.toThrow("1 keys of marks");
    expect(asked).toBeLessThan(20);
    database.close();
  });
});
