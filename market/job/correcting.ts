import type { ChargeLine, JobEvent } from "../../events/catalog/job.ts";
import { CenterId } from "../../events/catalog/values.ts";
import { accept, conflict, type Decision, nothing, reject } from "../decider.ts";
import { atMost, mills, millsText } from "../money.ts";
import { ledgerAccounts } from "../settlement/accounts.ts";
import {
  type AwardBalance,
  type Charged,
  centersOf,
  withCorrectedLines,
  withCorrection,
} from "../settlement/award-balance.ts";
import { penaltyRoom, refundableOf } from "../settlement/charges.ts";
import { correction } from "../settlement/correction.ts";
import { leftToTakeBack, penaltiesIn, whyNotMoved, withLines } from "../settlement/moved-money.ts";
import { instant, periodOf, slotOf } from "../time.ts";
import type { Correct, RefuseCorrection } from "./commands.ts";
import { balancesOf, type KnownJob } from "./state.ts";

type Decided = Decision<JobEvent>;

/** Finance amends a charge, once for each correction id. */
export function correct(command: Correct, job: KnownJob): Decided {
  const { id, charge, cause, at } = command;
  if (job.corrections.has(id) || job.refusedCorrections.has(id)) return nothing;
  const balance = job.balances.find(({ charges }) => charges.has(charge));
  const charged = balance?.charges.get(charge);
  if (balance === undefined || charged === undefined)
    return conflict("charge-unknown", "The job has no such charge.", "/charge");
  if (command.lines.length === 0) return reject("lines-missing", "Say what is to be moved.", "/lines");
  const lines = cause === "uncollectible" ? stillThere(charged, command.lines) : command.lines;
  // All of it was given back already.
  if (lines.length === 0) return nothing;
  const wrong =
    whyNotLines(balance, charged, lines, cause) ??
    whyNotOfRun(job, balance, { corrects: charge, lines: [...lines] });
  if (wrong !== undefined) return wrong;
  const named = command.break === undefined ? {} : { break: command.break };
  const { from, to } = charged;
  const period = periodOf(slotOf(at));
  const data = correction(balance, {
    correction: id,
    corrects: charge,
    cause,
    from,
    to,
    lines: [...lines],
    period,
  });
  return accept({ type: "CorrectionPosted", data: { ...data, ...named } });
}

/** Whoever posts a correction or refuses it first decides, for the job knows best what there is to give back. */
export function refuseCorrection(command: RefuseCorrection, job: KnownJob): Decided {
  const { id, charge, reason, at } = command;
  if (job.corrections.has(id) || job.refusedCorrections.has(id)) return nothing;
  const data = { correction: id, corrects: charge, job: job.request.job, break: command.break, reason };
  return accept({ type: "CorrectionRefused", data: { ...data, at: instant(at) } });
}

/** Mills that a line could take back of a charge by now. */
export function leftOfCharge(job: KnownJob | undefined, charge: string, line: ChargeLine): bigint {
  const charged = job?.balances.find(({ charges }) => charges.has(charge))?.charges.get(charge);
  return charged === undefined ? 0n : leftToTakeBack(charged, line);
}

/** Lines cut to what can still be taken back: other corrections may have been before. */
function stillThere(charged: Charged, lines: readonly ChargeLine[]): ChargeLine[] {
  let now = charged;
  return lines.flatMap((line) => {
    const left = atMost(leftToTakeBack(now, line), mills(line.mills));
    if (left === 0n) return [];
    const cut = { ...line, mills: millsText(left) };
    now = withCorrectedLines(now, [cut]);
    return [cut];
  });
}

function whyNotLines(
  balance: AwardBalance,
  { moved }: Charged,
  lines: readonly ChargeLine[],
  cause: Correct["cause"],
): Decided | undefined {
  const known = partiesOf(balance, cause);
  let sums = moved;
  for (const [index, line] of lines.entries()) {
    const stranger = (["from", "to"] as const).find((side) => !known.has(line[side]));
    if (stranger !== undefined)
      return reject(
        "line-of-another",
        `${line[stranger]} has no part in this award.`,
        `/lines/${index}/${stranger}`,
      );
    const wrong = whyNotMoved(sums, line);
    if (wrong !== undefined) return reject("correction-beyond-charge", wrong, `/lines/${index}/mills`);
    sums = withLines(sums, [line]);
  }
  const more = penaltiesIn(sums) - penaltiesIn(moved);
  const room = penaltyRoom(balance);
  return more > 0n && more > room
    ? reject("penalty-beyond-award", `Penalties of this award can grow by ${room} mills.`, "/lines")
    : undefined;
}

/** Refunds and credits of lost work together give back no more than the run paid, of whichever charge. */
function whyNotOfRun(
  job: KnownJob,
  balance: AwardBalance,
  amends: { readonly corrects: string; readonly lines: ChargeLine[] },
): Decided | undefined {
  const run = job.placementOf.get(balance.award.placement);
  const before = run === undefined ? [balance] : balancesOf(job, run);
  const after = before.map((one) => (one === balance ? withCorrection(one, amends) : one));
  const [paid, left] = [refundableOf(before), refundableOf(after)];
  return left < 0n && left < paid
    ? reject(
        "correction-beyond-charge",
        `Of what the run paid ${paid} mills are left to give back.`,
        "/lines",
      )
    : undefined;
}

/** Accounts of the ledger that lines of an award may name; what a link's owner could not pay is taken back for its center. */
function partiesOf({ account, award }: AwardBalance, cause: Correct["cause"]): ReadonlySet<string> {
  const owners =
    cause === "uncollectible" ? award.links.map(({ link }) => link.slice(0, link.indexOf("~"))) : [];
  return new Set([
    ledgerAccounts.tenant(account),
    ...[...centersOf(award), ...owners.map((owner) => CenterId.parse(owner))].map(ledgerAccounts.center),
    ...award.links.map(({ link }) => ledgerAccounts.link(link)),
    ledgerAccounts.rent,
    ledgerAccounts.tax,
  ]);
}
