import type { AccountEvent } from "../../events/catalog/account.ts";
import { streams } from "../../events/catalog/streams.ts";
import { type CommandMeta, execute } from "../../events/store/execute.ts";
import type { Admit, Reject } from "../../market/job/commands.ts";
import type { JobState } from "../../market/job/state.ts";
import { jobDecider } from "../../market/job.ts";
import { rules } from "../../market/rules.ts";
import { type AccountResult, onAccount } from "../accounts/account-stream.ts";
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
  const admit: Admit | Reject =
    answer === undefined
      ? { type: "Reject", at, reason: `There is no account ${account}.` }
      : isRefused(answer)
        ? { type: "Reject", at, reason: refusalOf(answer, account, hold) }
        : { type: "Admit", at, hold };
  const admitMeta = { ...meta, commandId: `admit/${job}` };
  return carriedOut(await execute(access.store, jobDecider, streams.job(job), admit, admitMeta));
}

function isRefused(answer: AccountResult): boolean {
  return answer.kind === "rejected" || answer.events.some(({ type }) => type === "HoldRefused");
}

function refusalOf(answer: AccountResult, account: string, hold: string): string {
  const why = answer.kind === "rejected" ? answer.rejection.code : reasonIn(answer.events);
  switch (why) {
    case "openHolds":
    case "holds-full":
      return `Account ${account} has ${rules.openHoldsMax} holds open, as many as an account may: use another account.`;
    case "overdrawn":
    case "account-overdrawn":
      return `Account ${account} is overdrawn by corrections: deposit what is missing first.`;
    default:
      return `Account ${account} has less available than the ${hold} mills to hold.`;
  }
}

function reasonIn(events: readonly AccountEvent[]): string | undefined {
  return events.flatMap((event) => (event.type === "HoldRefused" ? [event.data.reason] : []))[0];
}
