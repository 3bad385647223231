import type { AccountEvent } from "../../events/catalog/account.ts";
import { streams } from "../../events/catalog/streams.ts";
import { type CommandMeta, execute } from "../../events/store/execute.ts";
import type { Admit, Reject } from "../../market/job/commands.ts";
import type { JobState } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { rules } from "../../market/rules.ts";
import { onAccount } from "../accounts/account-stream.ts";
import { carriedOut } from "../kit/carried-out.ts";
import type { Access } from "../kit/host.ts";

type Meta = Omit<CommandMeta, "commandId" | "requestHash">;

interface Found {
  readonly state: JobState;
  readonly version: number;
}

/**
 * Holds what a requested job may cost and admits it, or rejects it; gives the job as that leaves it. Whoever asked for
 * it first may have been cut off anywhere: every step finds what was done before.
 */
export async function admitJob(
  access: Pick<Access, "store" | "accounts">,
  found: Found,
  meta: Meta,
): Promise<Found> {
  if (found.state.phase !== "requested") return found;
  const { job, account, hold } = found.state.request;
  const command = { type: "Hold", job, stretch: 1, mills: hold } as const;
  const held = await onAccount(access, account, [{ command, commandId: `hold/${job}/1` }], meta);
  const answer = held?.results[0];
  const at = Date.parse(meta.time);
  const refused =
    answer?.kind === "done" ? answer.events.find(({ type }) => type === "HoldRefused") : undefined;
  const admit: Admit | Reject =
    answer === undefined
      ? { type: "Reject", at, reason: `There is no account ${account}.` }
      : refused !== undefined || answer.kind === "rejected"
        ? {
            type: "Reject",
            at,
            reason: refusalOf(refused, account, hold),
          }
        : { type: "Admit", at, hold };
  const admitMeta = { ...meta, commandId: `admit/${job}` };
  return carriedOut(await execute(access.store, jobDecider, streams.job(job), admit, admitMeta));
}

function refusalOf(refused: AccountEvent | undefined, account: string, hold: string): string {
  return refused?.type === "HoldRefused" && refused.data.reason === "openHolds"
    ? `Account ${account} has ${rules.openHoldsMax} holds open, as many as an account may: use another account.`
    : `Account ${account} has less available than the ${hold} mills to hold.`;
}
