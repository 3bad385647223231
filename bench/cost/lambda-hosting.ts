import type { HostedBy } from "../../infra/local/invoker.ts";
import { assumptions } from "./assumptions.ts";
import { countingDatabase, type ItemSizes } from "./counting-database.ts";
import { messageUnits } from "./request-units.ts";
import { addCall, functionOf, type Tally } from "./tally.ts";

/** One process of a function. */
interface Instance<Run> {
  readonly run: Run;
  usedAt: number;
}

/**
 * Functions as Lambda runs them: each invocation takes an instance of its function that no other one holds, or a new
 * one that remembers nothing; one that was idle for long is gone. All that an instance asks of the world is counted.
 */
export function lambdaHosting(tally: Tally, sizes: ItemSizes): HostedBy {
  return (parts, start) => (name, make) => {
    const counts = functionOf(tally, name);
    const database = countingDatabase(parts.database, sizes, (call) => addCall(tally, name, call));
    const { putEvents, workflows } = parts;
    const counted: typeof parts = {
      ...parts,
      database,
      putEvents(entries) {
        counts.serviceCalls += 1;
        for (const { DetailType, Detail } of entries) {
          counts.busEvents += messageUnits(Buffer.byteLength(Detail));
          tally.events[DetailType] = (tally.events[DetailType] ?? 0) + 1;
        }
        return putEvents(entries);
      },
      workflows: {
        start(execution) {
          counts.serviceCalls += 1;
          return workflows.start(execution);
        },
        succeed(token, output) {
          counts.serviceCalls += 1;
          return workflows.succeed(token, output);
        },
      },
    };
    const idle: Instance<ReturnType<typeof make>>[] = [];
    const take = () => {
      const oldest = parts.clock.now() - assumptions.idleMinutes * 60_000;
      const warm = idle.pop();
      if (warm !== undefined && warm.usedAt >= oldest) return warm;
      // The one used last was too old, so all are.
      idle.length = 0;
      counts.coldStarts += 1;
      return { run: make(start(counted)), usedAt: 0 };
    };
    return async (event, context) => {
      const instance = take();
      counts.invocations += 1;
      counts.queueMessages += queueMessages(event);
      const job = jobSteps.has(name) ? jobOf(event) : undefined;
      if (job !== undefined) tally.jobSteps[job] = (tally.jobSteps[job] ?? 0) + 1;
      const began = performance.now();
      try {
        return await instance.run(event, context);
      } finally {
        counts.wallMs += performance.now() - began;
        instance.usedAt = parts.clock.now();
        idle.push(instance);
      }
    };
  };
}

/** The functions of the job's workflow, all of whose states are tasks. */
const jobSteps = new Set(["await-job", "meet-deadline"]);

function jobOf(event: unknown): string | undefined {
  if (typeof event !== "object" || event === null || !("job" in event)) return undefined;
  return String(event.job);
}

function queueMessages(event: unknown): number {
  if (typeof event !== "object" || event === null || !("Records" in event)) return 0;
  if (!Array.isArray(event.Records)) return 0;
  const bodies: unknown[] = event.Records.map((record: { body?: unknown } | null) => record?.body);
  return bodies.reduce<number>(
    (sum, body) => sum + (typeof body === "string" ? messageUnits(Buffer.byteLength(body)) : 0),
    0,
  );
}
