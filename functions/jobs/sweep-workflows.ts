import { forEachInFlight } from "../../events/store/in-flight.ts";
import { periodPlus, periodStart, slotOf, slotStart } from "../../market/time.ts";
import { PlacementView } from "../../market/views/jobs.ts";
import { PeriodView } from "../../market/views/periods.ts";
import { openPlacementsKey, periodsKey } from "../../market/views/view.ts";
import { stepFunctions } from "../kit/aws-clients.ts";
import { type Access, variable } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { scheduled } from "../kit/scheduled.ts";
import type { PlacementKeys } from "./standing.ts";
import { waitingTasks } from "./task-tokens.ts";

/** Time that the close of a day has before another one is started for it, in slots. */
const closeSlots = 10;

/** Starts what a crash left without a workflow: placements in force, an auction without a seal, a day that is over. */
export const create = scheduled(async (access) => {
  const slot = slotOf(access.clock.now());
  await access.workflows.start({
    stateMachineArn: variable(access.env, "AUCTION_MACHINE_ARN"),
    name: `sweep-${slot}-${access.newId()}`,
    input: {},
  });
  await reviveClose(access, slot);
  const open = await access.views.list({ pk: openPlacementsKey }, PlacementView);
  await forEachInFlight(16, open, ({ data }) => revive(access, data, slot));
});
export const handler = onLambda(create, stepFunctions);

/** A close goes on where the log says that the day stands, and two at once do no harm. */
async function reviveClose({ views, workflows, env }: Access, slot: number): Promise<void> {
  const [newest] = await views.list({ pk: periodsKey, descending: true, limit: 1 }, PeriodView);
  if (newest === undefined) return;
  const { period, closed } = newest.data;
  const open = closed === undefined ? period : periodPlus(period, 1);
  if (slot < periodStart(periodPlus(open, 1)) + closeSlots) return;
  const stateMachineArn = variable(env, "PERIOD_MACHINE_ARN");
  await workflows.start({ stateMachineArn, name: `sweep-${open}-${slot}`, input: {} });
}

/** A name is taken for good: an execution that ended too early is followed by one of another name. */
async function revive(access: Access, { job, placement }: PlacementView, slot: number): Promise<void> {
  // Most wait. A look at the table tells it, and leaves the starts, of which an account has few, to those who need them.
  if (await waits(access, { job, placement }, slot)) return;
  const stateMachineArn = variable(access.env, "JOB_MACHINE_ARN");
  // Where it stands is not known here: the first wait ends at once, and the decider is asked.
  const input = { job, placement, timeoutSeconds: 1 };
  if (await access.workflows.start({ stateMachineArn, name: placement, input })) return;
  if (await waits(access, { job, placement }, slot)) return;
  await access.workflows.start({ stateMachineArn, name: `${placement}-${slot}`, input });
}

/** One that stopped to wait had a slot to ask what comes next, and would wait for that by now. */
async function waits(access: Access, { job, placement }: PlacementKeys, slot: number): Promise<boolean> {
  const tasks = await waitingTasks(access, job);
  return tasks.some((task) => task.placement === placement && task.until >= slotStart(slot - 1));
}
