import { type JobId, PlacementId } from "../../events/catalog/values.ts";
import type { Deadline } from "../../market/job/deadlines.ts";
import type { Access } from "../kit/host.ts";
import type { PlacementKeys } from "./standing.ts";

type Operations = Pick<Access, "database" | "operationsTable" | "clock">;

/** A task of a workflow that waits for a placement. Losing one costs a timeout, never a fact. */
export interface WaitingTask {
  readonly placement: PlacementId;
  readonly awaited: Deadline["awaited"];
  readonly token: string;
  /** Instant (ms) at which it stops to wait. */
  readonly until: number;
}

const partition = (job: JobId) => `token#${job}`;
const sortKey = ({ placement, awaited }: WaitingTask) => `${placement}#${awaited}`;
/** Longer than any award. */
const keptSeconds = 30 * 86_400;

export async function saveToken(
  operations: Operations,
  { job }: Pick<PlacementKeys, "job">,
  task: WaitingTask,
) {
  const { database, operationsTable, clock } = operations;
  const expiresAt = Math.floor(clock.now() / 1000) + keptSeconds;
  await database.put(operationsTable, {
    pk: partition(job),
    sk: sortKey(task),
    token: task.token,
    until: task.until,
    expiresAt,
  });
}

export async function removeToken({ database, operationsTable }: Operations, job: JobId, task: WaitingTask) {
  const key = { pk: partition(job), sk: sortKey(task) };
  // A newer task for the same placement keeps its token.
  await database.remove(operationsTable, key, [{ attribute: "token", is: "=", to: task.token }]);
}

export async function waitingTasks(
  { database, operationsTable }: Operations,
  job: JobId,
): Promise<WaitingTask[]> {
  const items = await database.query(operationsTable, { pk: partition(job) });
  return items.flatMap(({ sk, token, until }) => {
    const [placement = "", awaited] = String(sk).split("#");
    if (awaited !== "accepted" && awaited !== "started" && awaited !== "ended") return [];
    return [{ placement: PlacementId.parse(placement), awaited, token: String(token), until: Number(until) }];
  });
}
