import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { MarketClock } from "../infra/local/clock.ts";
import { createWorkflowEngine } from "../infra/local/workflow/engine.ts";
import type { Json } from "../infra/local/workflow/json.ts";

/**
 * A process to be killed: runs executions on a journal and stands for the outside world, which remembers in
 * plain files what it was told (tokens), what it was promised (acknowledged answers) and what was done in the
 * end (records). Prints a dot for each call of a function; ends by itself when all executions have ended.
 */

const [folder = ".", count = "0"] = process.argv.slice(2);
const COUNT = Number(count);
const arn = (name: string) => `arn:aws:states:cn-north-1:000000000000:stateMachine:${name}`;
const fn = (name: string) => `arn:aws:lambda:cn-north-1:000000000000:function:${name}`;

const wallClock: MarketClock = {
  now: () => Date.now(),
  at(instant, due) {
    const timer = setTimeout(due, Math.max(0, instant - Date.now()));
    return () => clearTimeout(timer);
  },
  hold: () => () => undefined,
};

function ask(step: string, more: Record<string, Json>): Json {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke.waitForTaskToken",
    Parameters: {
      FunctionName: fn("ask"),
      Payload: { "token.$": "$$.Task.Token", "name.$": "$.name", step, "n.$": "$.n" },
    },
    ...more,
  };
}

const record: Json = { Type: "Task", Resource: fn("record"), End: true };

const job = {
  StartAt: "Read",
  States: {
    Read: { Type: "Task", Resource: fn("read"), Next: "First" },
    First: ask("first", { Next: "Each" }),
    Each: {
      Type: "Map",
      ItemsPath: "$.items",
      MaxConcurrency: 2,
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "One",
        States: { One: { Type: "Task", Resource: fn("each"), End: true } },
      },
      ResultPath: null,
      Next: "Second",
    },
    Second: ask("second", { Next: "Record" }),
    Record: record,
  },
};

const unanswered = {
  StartAt: "Ask",
  States: {
    Ask: ask("never", {
      TimeoutSecondsPath: "$.patience",
      Catch: [{ ErrorEquals: ["States.Timeout"], ResultPath: null, Next: "Record" }],
      End: true,
    }),
    Record: record,
  },
};

const asked = z.object({ token: z.string(), name: z.string(), step: z.string(), n: z.number() });
type Asked = z.infer<typeof asked>;

function write(file: string, line: unknown): void {
  appendFileSync(join(folder, file), `${JSON.stringify(line)}\n`);
}

function readLines(file: string): unknown[] {
  const path = join(folder, file);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** What goes from state to state. */
function facts(name: string, n: number) {
  return { name, n, items: [0, 1, 2].map((item) => ({ name, item })) };
}

const functions: Readonly<Record<string, (payload: Json) => unknown>> = {
  read: (payload) => {
    const { name, n } = z.object({ name: z.string(), n: z.number() }).parse(payload);
    return facts(name, n * 2);
  },
  each: (payload) => write("items", payload),
  record: (payload) => write("records", payload),
  ask(payload) {
    const told = asked.parse(payload);
    write("tokens", told);
    if (told.step !== "never") answerLater(told);
  },
};

/** Executions that have not ended. */
const open = new Set(Array.from({ length: COUNT }, (_, n) => `e${n}`));

const engine = createWorkflowEngine({
  machines: {
    job: { arn: arn("job"), definition: job },
    unanswered: { arn: arn("unanswered"), definition: unanswered },
  },
  journalPath: join(folder, "journal.sqlite"),
  clock: wallClock,
  async invoke(name, payload) {
    process.stdout.write(".");
    return functions[name]?.(payload);
  },
  ended: ({ name }) => open.delete(name),
});

function answerLater(told: Asked): void {
  setTimeout(() => void answer(told), Math.random() * 40);
}

async function answer({ token, name, step, n }: Asked): Promise<void> {
  try {
    await engine.sendTaskSuccess({ taskToken: token, output: JSON.stringify(facts(name, n + 1)) });
  } catch (error) {
    // Told twice, as a function is whose first call may not have arrived: its task has ended.
    if (!(error instanceof Error && error.name === "TaskTimedOut")) throw error;
  }
  write("answered", { token, name, step });
}

/** The outside world answers what it was asked before the process died. */
function answerOld(): void {
  const answered = new Set(
    readLines("answered").map((line) => z.object({ token: z.string() }).parse(line).token),
  );
  for (const told of readLines("tokens").map((line) => asked.parse(line))) {
    if (told.step !== "never" && !answered.has(told.token)) answerLater(told);
  }
}

async function startAll(): Promise<void> {
  for (let n = 0; n < COUNT; n += 1) {
    const machine = n % 10 === 0 ? "unanswered" : "job";
    const name = `e${n}`;
    const input = JSON.stringify({ name, n, patience: 2 });
    try {
      await engine.startExecution({ stateMachineArn: arn(machine), name, input });
    } catch (error) {
      // One that runs would have taken the same start again.
      if (!(error instanceof Error && error.name === "ExecutionAlreadyExists")) throw error;
      open.delete(name);
    }
  }
}

write("lives", { resumed: engine.resume() });
answerOld();
await startAll();
while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
await engine.close();
