import { mills, millsText } from "../money.ts";
import { slotStart } from "../time.ts";
import type { ChargeOf, HoldOf, JobBook, SettledOf } from "./match-job-book.ts";
import { type Finding, isRipe } from "./match-outcome.ts";

// Charge against funds: each charge is paid once out of its hold, and nothing stays held for what is over.

/** A charge is paid as it says; one that the account has not paid by now, or otherwise, is not settled. */
export function chargesNotSettled(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  const posted = new Map(book.charges.map((charge) => [charge.data.charge, charge]));
  return [...posted.values()].flatMap((charge): Finding[] => {
    const { data } = charge;
    if (taken.has(`charge:${data.charge}`) || taken.has(`posting:${data.charge}@${charge.place.version}`))
      return [];
    const wrong = howNotSettled(book, charge);
    if (wrong === undefined) return [];
    const { charge: about, job, placement, account, from, to } = data;
    const found = { about, subject: about, job, placement, account, from, to, ...wrong };
    return [{ found, takes: [`hold:${data.stretch}`] }];
  });
}

function howNotSettled(book: JobBook, { data, place }: ChargeOf) {
  const [settled] = book.settled.get(data.charge) ?? [];
  const due = textOf({ paid: data.tenantPays, released: data.releases });
  if (settled === undefined) {
    const needs = data.tenantPays !== "0" || data.releases !== "0" || data.final;
    if (!needs || !isRipe(book.day, place.time)) return undefined;
    const detail = `Charge ${data.charge} was never settled.`;
    return { expected: due, found: "none", mills: absolute(mills(data.tenantPays)), detail };
  }
  if (textOf(settled) === due) return undefined;
  const diff = mills(data.tenantPays) - mills(settled.paid);
  const detail = `Charge ${data.charge} was settled with other amounts than it says.`;
  return { expected: due, found: textOf(settled), mills: absolute(diff), detail };
}

function textOf({ paid, released }: Pick<SettledOf, "paid" | "released">): string {
  return `paid ${paid}, released ${released}`;
}

function absolute(amount: bigint) {
  return millsText(amount < 0n ? -amount : amount);
}

/** Funds were taken for a charge that was settled before. */
export function settledTwice(book: JobBook): Finding[] {
  return [...book.settled].flatMap(([charge, settled]): Finding[] => {
    const [first, second] = settled;
    if (first === undefined || second === undefined) return [];
    const again = mills(second.paid);
    const detail = `Charge ${charge} was settled ${settled.length} times.`;
    const posted = book.charges.find(({ data }) => data.charge === charge)?.data;
    const of =
      posted === undefined ? {} : { job: posted.job, account: posted.account, placement: posted.placement };
    return [
      {
        found: { about: `${charge}@settled`, subject: charge, ...of, mills: absolute(again), detail },
        takes: [`settled:${charge}`, `hold:${second.stretch}`],
      },
    ];
  });
}

/** Funds were taken for a charge that nobody posted. */
export function settledWithoutCharge(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  const posted = new Set(book.charges.map(({ data }) => data.charge));
  return [...book.settled].flatMap(([charge, [settled]]): Finding[] => {
    if (settled === undefined || posted.has(charge) || taken.has(`settled:${charge}`)) return [];
    if (!isRipe(book.day, settled.place.time)) return [];
    const detail = `Funds were taken for charge ${charge}, which is not posted for any open award.`;
    return [
      {
        found: { about: `${charge}@settled`, subject: charge, mills: absolute(mills(settled.paid)), detail },
      },
    ];
  });
}

export function leftOf({ held, paid, released }: HoldOf): bigint {
  return held === 0n ? 0n : held - paid - released;
}

/**
 * Funds that no charge will ever take: the stretch's charges are final, or should be, for what was given back of it is
 * over; or the job ended without an award for it.
 */
export function holdsNeverReleased(book: JobBook, taken: ReadonlySet<string>): Finding[] {
  return [...book.holds.values()].flatMap((hold): Finding[] => {
    const left = leftOf(hold);
    if (left <= 0n || taken.has(`hold:${hold.stretch}`) || !isOver(book, hold)) return [];
    const job =
      book.state.phase === "unknown"
        ? {}
        : { job: book.state.request.job, account: book.state.request.account };
    const about = `${book.key.slice("job:".length)}/${hold.stretch}`;
    const detail = `${left} mills are still held for stretch ${hold.stretch}, which is over.`;
    return [
      {
        found: {
          about,
          subject: about,
          ...job,
          expected: "0",
          found: String(left),
          mills: millsText(left),
          detail,
        },
      },
    ];
  });
}

const ended: ReadonlySet<string> = new Set(["rejected", "completed", "failed", "cancelled", "expired"]);

export function hasEnded({ state }: JobBook): boolean {
  return ended.has(state.phase);
}

function isOver(book: JobBook, { stretch }: HoldOf): boolean {
  const own = book.charges.filter(({ data }) => data.stretch === stretch);
  const last = own.find(({ data }) => data.final);
  if (last !== undefined) return own.every(({ data }) => book.settled.has(data.charge));
  const award = [...book.awards.values()].find((one) => one.award.stretch === stretch)?.award;
  if (award === undefined) return hasEnded(book) && book.lastAt <= book.day.ripe;
  // What was given back is charged by the close of the award's last day: then nothing waits for a fee any more.
  const ended = own.some(({ kind, place }) => kind === "end" && isRipe(book.day, place.time));
  return ended && slotStart(award.to) <= book.day.ripe;
}
