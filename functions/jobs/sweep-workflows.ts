import { forEachInFlight } from "../../events/store/in-flight.ts";
import { slotOf, slotStart } from "../../market/time.ts";
import { PlacementView } from "../../market/views/jobs.ts";
import { openPlacementsKey } from "../../market/views/view.ts";
import { stepFunctions } from "../kit/aws-clients.ts";
import { type Access, variable } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { scheduled } from "../kit/scheduled.ts";
import { waitingTasks } from "./task-tokens.ts";

/** Starts what a crash left without a workflow: placements in force, and an auction without a seal. */
export const create = scheduled(async (access) => {
  const slot = slotOf(access.clock.now());
  await access.workflows.start({
    stateMachineArn: variable(access.env, "AUCTION_MACHINE_ARN"),
    name: `sweep-${slot}-${access.newId()}`,
    input: {},
  });
  const open = await access.views.list({ pk: openPlacementsKey }, PlacementView);
  await forEachInFlight(16, open, ({ data }) => revive(access, data, slot));
});
export const handler = onLambda(create, stepFunctions);

/** A name is taken for good: an execution that ended too early is followed by one of another name. */
async function revive(access: Access, { job, placement }: PlacementView, slot: number): Promise<void> {
  const stateMachineArn = variable(access.env, "JOB_MACHINE_ARN");
  // Where it stands is not known here: the first wait ends at once, and the decider is asked.
  const input = { job, placement, timeoutSeconds: 1 };
  if (await access.workflows.start({ stateMachineArn, name: placement, input })) return;
  // One that stopped to wait had a slot to ask what comes next, and would wait for that by now.
  const waiting = (await waitingTasks(access, job)).some(
    (task) => task.placement === placement && task.until >= slotStart(slot - 1),
  );
  if (!waiting) await access.workflows.start({ stateMachineArn, name: `${placement}-${slot}`, input });
}
