import { join } from "node:path";
import type { Workflows } from "../../functions/kit/workflows.ts";
import { startDatabase } from "./database-process.ts";
import { createEventBus } from "./event-bus.ts";
import { lockFolder } from "./folder-lock.ts";
import { type HttpFront, startHttp } from "./http.ts";
import { createInvoker, type HostedBy, type Invoker } from "./invoker.ts";
import { type Issuer, openIssuer } from "./issuer.ts";
import { createMarketTime, type MarketTime } from "./market-time.ts";
import { createQueues } from "./queues.ts";
import { startScheduler } from "./scheduler.ts";
import { createStreams } from "./streams.ts";
import { synthesize } from "./synth.ts";
import { readWiring, type WiredSchedule, type Wiring } from "./wiring.ts";
import { createWorkflowEngine, type WorkflowEngine } from "./workflow/engine.ts";
import { WorkflowError } from "./workflow/errors.ts";

export interface ExchangeOptions {
  /** Folder of all that outlives the process; one exchange a folder. */
  readonly dataDir: string;
  /** 0: any free port. */
  readonly port: number;
  /** Market time of a new folder's beginning, ms since the Unix epoch; an old folder goes on where it was. */
  readonly startAt: number;
  /** Processes that the functions run in; default: this one for all of them. */
  readonly hostedBy?: HostedBy;
  /** Market ms after which Lambda would look at a stream again; default: records are delivered at once. */
  readonly streamPollMs?: number;
}

export interface Exchange {
  readonly url: string;
  readonly issuer: Issuer;
  readonly time: MarketTime;
  /** What was done so far in this process. */
  counts(): Counts;
  /** Messages that nobody could handle. */
  deadLetters(): number;
  /** Rejects when the database's process has ended: then nothing works any more, and only a new start helps. */
  readonly broken: Promise<never>;
  /** Takes no more requests, lets what is under way end, and ends. */
  close(): Promise<void>;
}

export interface Counts {
  readonly invocations: number;
  readonly transitions: number;
  /** By state machine, since the folder's beginning. */
  readonly transitionsOf: Readonly<Record<string, number>>;
  /** Targets that the scheduler has called. */
  readonly ticks: number;
}

/** How long requests, and then all other work under way, may take to end when the exchange is closed; real ms. */
const answerMs = 3_000;
const restMs = 15_000;

/** The whole exchange on one machine, wired as the synthesised template says. */
export async function startExchange(options: ExchangeOptions): Promise<Exchange> {
  const { dataDir, port, startAt, hostedBy, streamPollMs } = options;
  const lock = lockFolder(dataDir);
  const wiring = readWiring(synthesize());
  const [issuer, databaseProcess] = await Promise.all([
    openIssuer(dataDir),
    startDatabase(join(dataDir, "database"), wiring.tables),
  ]);
  const time = createMarketTime(startAt, join(dataDir, "market-time"));
  const queues = createQueues(join(dataDir, "queues.sqlite"), wiring, time, (name, event) =>
    invoke(name, event),
  );
  const streams = createStreams(
    databaseProcess.database,
    wiring.streams,
    time,
    (name, event) => invoke(name, event),
    () => queues,
    streamPollMs,
  );
  const engine = createWorkflowEngine({
    machines: wiring.machines,
    journalPath: join(dataDir, "workflows.sqlite"),
    clock: time,
    invoke: (name, event) => invoke(name, event),
    ended({ stateMachineName, name, outcome }) {
      if (outcome.status !== "SUCCEEDED") console.error(`workflow ${stateMachineName} ${name}:`, outcome);
    },
  });
  const parts = {
    clock: time,
    database: streams.database,
    putEvents: createEventBus(wiring, time, () => queues),
    workflows: workflowsOf(engine),
  };
  const invoker: Invoker = await createInvoker(wiring.functions, parts, time, hostedBy);
  const invoke = invoker.invoke;
  streams.wakeAll();
  for (const { name, variables } of wiring.functions)
    if (variables.RUN_AT_START !== undefined) await invoke(name, {});
  engine.resume();
  queues.start();
  let ticks = 0;
  const ring = (schedule: WiredSchedule) => {
    ticks += 1;
    return run(schedule, invoker, engine);
  };
  const scheduler = startScheduler(time, wiring.schedules, ring, join(dataDir, "schedules.json"));
  const front: HttpFront = await startHttp({ routes: wiring.routes, issuer, invoke, port });
  return {
    url: front.url,
    issuer,
    time,
    counts: () => ({
      invocations: invoker.invocations(),
      transitions: Object.values(engine.transitions()).reduce((sum, count) => sum + count, 0),
      transitionsOf: engine.transitions(),
      ticks,
    }),
    broken: databaseProcess.ended,
    deadLetters: () => deadQueues(wiring).reduce((sum, queue) => sum + queues.depth(queue), 0),
    async close() {
      scheduler.stop();
      await front.close(answerMs);
      // Whoever still works needs the database: what has begun ends, and nothing new falls due.
      if (!(await time.rest(restMs)))
        console.error(`work is under way after ${restMs} ms: the next start does it again`);
      streams.close();
      queues.close();
      engine.close();
      await databaseProcess.close();
      lock.release();
    },
  };
}

function deadQueues({ queues, streams }: Wiring): string[] {
  return [...queues.flatMap(({ dead }) => dead?.queue ?? []), ...streams.map(({ dead }) => dead)];
}

async function run({ target, input }: Wiring["schedules"][number], invoker: Invoker, engine: WorkflowEngine) {
  if (target.kind === "machine") await engine.startExecution({ stateMachineArn: target.arn, input });
  // Scheduler tries again later; the next tick of a sweeper does the same.
  else await invoker.invoke(target.name, JSON.parse(input)).catch(() => undefined);
}

function workflowsOf(engine: WorkflowEngine): Workflows {
  const unless = async (names: readonly string[], call: () => Promise<unknown>): Promise<boolean> => {
    try {
      await call();
      return true;
    } catch (error) {
      if (error instanceof WorkflowError && names.includes(error.name)) return false;
      throw error;
    }
  };
  return {
    start: ({ stateMachineArn, name, input }) =>
      unless(["ExecutionAlreadyExists"], () =>
        engine.startExecution({ stateMachineArn, name, input: JSON.stringify(input) }),
      ),
    succeed: (taskToken, output) =>
      unless(["TaskDoesNotExist", "TaskTimedOut", "InvalidToken"], () =>
        engine.sendTaskSuccess({ taskToken, output: JSON.stringify(output) }),
      ),
  };
}
