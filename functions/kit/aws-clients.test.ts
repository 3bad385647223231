import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { BusEntry } from "../../events/store/publisher.ts";
import {
  alpha,
  contextOf,
  envOf,
  type InMemoryExchange,
  load,
  newCenter,
  startExchange,
  succeeds,
} from "../../test/exchange-in-memory.ts";
import { operations } from "../contract/operations.ts";
import { functions } from "../manifest.ts";
import { createEventBridge } from "./bus.ts";
import { createHost } from "./host.ts";
import { createStepFunctions } from "./workflows.ts";

/** One request as the service got it. */
interface Asked {
  readonly target: string;
  readonly contentType: string;
  readonly signature: string;
  readonly content: unknown;
}

interface Answer {
  readonly status: number;
  readonly content: unknown;
}

/** Speaks AWS JSON 1.0 and 1.1, as the services do. */
let server: Server;
let endpoint: string;
let asked: Asked[] = [];
let answer: (request: Asked) => Answer;

const fault = (type: string, status = 400): Answer => ({ status, content: { __type: type, message: type } });

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one: Asked = {
      target: String(request.headers["x-amz-target"]),
      contentType: String(request.headers["content-type"]),
      signature: String(request.headers.authorization),
      content: JSON.parse(Buffer.concat(chunks).toString("utf8")),
    };
    asked.push(one);
    const { status, content } = answer(one);
    response.writeHead(status, { "content-type": one.contentType });
    response.end(JSON.stringify(content));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  endpoint = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked = [];
  vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("Step Functions", () => {
  const arn = "arn:aws:states:local:000000000000:stateMachine:suanwang-job";
  const workflows = () => createStepFunctions({ region: "local", endpoint });
  const started = { status: 200, content: { executionArn: `${arn}:j-1.1`, startDate: 1_772_416_830 } };

  test("starts an execution under its name, with its input as JSON", async () => {
    answer = () => started;
    const input = { job: "j-1", placement: "j-1.1" };
    expect(await workflows().start({ stateMachineArn: arn, name: "j-1.1", input })).toBe(true);
    expect(await workflows().start({ stateMachineArn: arn, input: {} })).toBe(true);
    expect(asked.map(({ target }) => target)).toEqual([
      "AWSStepFunctions.StartExecution",
      "AWSStepFunctions.StartExecution",
    ]);
    expect(asked.map(({ content }) => content)).toEqual([
      { stateMachineArn: arn, name: "j-1.1", input: JSON.stringify(input) },
      { stateMachineArn: arn, input: "{}" },
    ]);
    expect(asked[0]?.contentType).toBe("application/x-amz-json-1.0");
    expect(asked[0]?.signature).toContain("Credential=key/");
  });

  test.each(["ExecutionAlreadyExists", "com.amazonaws.swf.service.v2.model#ExecutionAlreadyExists"])(
    "a name that is taken is no error: %s",
    async (type) => {
      answer = () => fault(type);
      expect(await workflows().start({ stateMachineArn: arn, name: "j-1.1", input: {} })).toBe(false);
      expect(asked).toHaveLength(1);
    },
  );

  test.each(["StateMachineDoesNotExist", "InvalidExecutionInput", "AccessDeniedException"])(
    "%s is an error",
    async (type) => {
      answer = () => fault(type);
      const start = workflows().start({ stateMachineArn: arn, input: {} });
      await expect(start).rejects.toMatchObject({ name: type });
    },
  );

  test("hands a waiting task its output", async () => {
    answer = () => ({ status: 200, content: {} });
    expect(await workflows().succeed("token-1", { phase: "ended" })).toBe(true);
    expect(asked).toMatchObject([
      {
        target: "AWSStepFunctions.SendTaskSuccess",
        content: { taskToken: "token-1", output: '{"phase":"ended"}' },
      },
    ]);
  });

  test.each(["TaskDoesNotExist", "TaskTimedOut", "InvalidToken"])(
    "%s: nobody waits any more",
    async (type) => {
      answer = () => fault(type);
      expect(await workflows().succeed("token-1", {})).toBe(false);
    },
  );

  test("an output that the service refuses is an error", async () => {
    answer = () => fault("InvalidOutput");
    await expect(workflows().succeed("token-1", {})).rejects.toMatchObject({ name: "InvalidOutput" });
  });

  test("a fault of the service is tried again", async () => {
    answer = () => (asked.length < 3 ? fault("InternalFailure", 500) : started);
    expect(await workflows().start({ stateMachineArn: arn, name: "j-1.1", input: {} })).toBe(true);
    expect(asked).toHaveLength(3);
  });
});

describe("EventBridge", () => {
  const putEvents = () => createEventBridge({ region: "local", endpoint });
  const entry = (n: number): BusEntry => ({
    Source: "suanwang",
    DetailType: "JobPlaced",
    Detail: JSON.stringify({ n, text: "算网" }),
    EventBusName: "market",
  });

  test("gets the entries as they are, and says which of them failed", async () => {
    const Entries = [{ EventId: "1" }, { ErrorCode: "ThrottlingException", ErrorMessage: "slow" }];
    answer = () => ({ status: 200, content: { FailedEntryCount: 1, Entries } });
    expect(await putEvents()([entry(1), entry(2)])).toMatchObject({ FailedEntryCount: 1, Entries });
    expect(asked).toMatchObject([
      {
        target: "AWSEvents.PutEvents",
        contentType: "application/x-amz-json-1.1",
        content: { Entries: [entry(1), entry(2)] },
      },
    ]);
  });

  test("an error of the whole call is thrown", async () => {
    answer = () => fault("ValidationException");
    await expect(putEvents()([entry(1)])).rejects.toMatchObject({ name: "ValidationException" });
  });

  const Sent = z.object({ Entries: z.array(z.object({ DetailType: z.string(), Detail: z.string() })) });
  const Cloud = z.object({ id: z.string(), specversion: z.literal("1.0"), type: z.string() });

  /** publish-events as it runs on AWS but for its tables. */
  async function publishing(exchange: InMemoryExchange) {
    const spec = functions.find(({ name }) => name === "publish-events");
    if (spec === undefined) throw new Error("nobody publishes");
    const host = createHost({
      clock: exchange.clock,
      database: exchange.database,
      putEvents: putEvents(),
      workflows: createStepFunctions({ region: "local", endpoint }),
    });
    const handler = (await load(spec))(envOf(spec), host);
    const record = { dynamodb: { SequenceNumber: "1", Keys: { pk: { S: "feed" }, sk: { N: "1" } } } };
    return () => handler({ Records: [record] }, contextOf("publish-events"));
  }

  async function someEvents(): Promise<InMemoryExchange> {
    const exchange = await startExchange();
    for (const center of ["c-1", "c-2", "c-3"])
      await succeeds(exchange.call(operations.joinNetwork, alpha, { body: newCenter(center) }));
    await exchange.wake("relay-commits", exchange.waiting.log.splice(0));
    return exchange;
  }

  test("a page's events all arrive, those that failed once more, and the page is done", async () => {
    const publish = await publishing(await someEvents());
    answer = ({ content }) => {
      const { Entries } = Sent.parse(content);
      const answers = Entries.map(({ Detail }) =>
        Cloud.parse(JSON.parse(Detail)).id === "center-c-2@1" && asked.length === 1
          ? { ErrorCode: "InternalFailure" }
          : { EventId: "ok" },
      );
      return {
        status: 200,
        content: { FailedEntryCount: answers.filter((one) => "ErrorCode" in one).length, Entries: answers },
      };
    };
    expect(await publish()).toEqual({ batchItemFailures: [] });
    const sent = asked.map(({ content }) =>
      Sent.parse(content).Entries.map(({ Detail }) => Cloud.parse(JSON.parse(Detail)).id),
    );
    expect(sent).toEqual([["center-c-1@1", "center-c-2@1", "center-c-3@1"], ["center-c-2@1"]]);
    expect(await publish()).toEqual({ batchItemFailures: [] });
    expect(asked).toHaveLength(2);
  });

  test("a bus that takes nothing leaves the page to be done again", async () => {
    const publish = await publishing(await someEvents());
    answer = () => ({
      status: 200,
      content: { FailedEntryCount: 3, Entries: [1, 2, 3].map(() => ({ ErrorCode: "InternalFailure" })) },
    });
    await expect(publish()).rejects.toThrow("3 entries failed 5 times");
    answer = () => ({ status: 200, content: { FailedEntryCount: 0, Entries: [] } });
    asked = [];
    expect(await publish()).toEqual({ batchItemFailures: [] });
    expect(Sent.parse(asked[0]?.content).Entries).toHaveLength(3);
  });
});
