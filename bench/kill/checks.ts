import { audit } from "../audit/audit.ts";
import type { Sent } from "./calls.ts";
import type { FeedBook, FeedCommit } from "./feed-book.ts";

// What must hold whenever an exchange lives again. Each gives what is wrong, in words; nothing: all is well.

/** Operations whose acknowledgement says that a commit of this very request is in the log. */
const committed: ReadonlySet<string> = new Set([
  "joinNetwork",
  "postGuarantee",
  "reportCapacity",
  "postOffer",
  "openAccount",
  "depositFunds",
  "postJob",
  "cancelJob",
  "acceptPlacement",
  "startPlacement",
  "meterPlacement",
  "finishPlacement",
]);

const reports: ReadonlySet<string> = new Set(["meterPlacement", "finishPlacement"]);
const ends: ReadonlySet<string> = new Set(["JobCompleted", "JobFailed", "JobDisplaced", "JobCancelled"]);

function endedLeases(commits: readonly FeedCommit[]): ReadonlySet<string> {
  const events = commits.flatMap((commit) => commit.events);
  return new Set(events.flatMap(({ type, data }) => (ends.has(type) ? [String(data.placement)] : [])));
}

/** Every acknowledged request is in the log once, and no command of anybody is there twice. */
export function lostOrRepeated(calls: readonly Sent[], book: FeedBook): string[] {
  const over = endedLeases(book.commits);
  const faults = calls.flatMap(({ operation, placement, commandId, state, answer }) => {
    if (state !== "acknowledged" || !committed.has(operation)) return [];
    const found = book.withCommand(commandId);
    // Whoever reports on a run that time has ended meanwhile is thanked, and nothing more is to be said of it.
    if (found.length === 0 && reports.has(operation) && over.has(placement ?? "")) return [];
    if (found.length !== 1)
      return [`the acknowledged ${operation} ${commandId} is in the log ${found.length} times`];
    const job = operation === "postJob" ? jobOf(answer) : undefined;
    return job === undefined || found[0]?.stream === `job-${job}`
      ? []
      : [`job ${job} was acknowledged, and ${found[0]?.stream} requested`];
  });
  const seen = new Map<string, FeedCommit>();
  for (const commit of book.commits) {
    const { stream, commandId } = commit;
    const name = `${stream} ${commandId}`;
    const before = seen.get(name);
    if (before !== undefined)
      faults.push(
        `${stream} holds the command ${commandId} twice: ${JSON.stringify(before)}, ${JSON.stringify(commit)}`,
      );
    seen.set(name, commit);
  }
  return faults;
}

function jobOf(answer: unknown): string | undefined {
  return typeof answer === "object" && answer !== null && "job" in answer ? String(answer.job) : undefined;
}

/** Each award is published once and its job is told of it once; all awards of a sealed auction are told. */
export function awardFaults(commits: readonly FeedCommit[]): string[] {
  const published = new Map<string, number>();
  const told = new Map<string, number>();
  const sealed = new Set<string>();
  const auctionOf = new Map<string, string>();
  for (const { stream, events } of commits)
    for (const { type, data } of events) {
      if (type === "AuctionCleared") sealed.add(stream);
      for (const placement of type === "AwardsPublished" ? placementsOf(data.awards) : []) {
        published.set(placement, (published.get(placement) ?? 0) + 1);
        auctionOf.set(placement, stream);
      }
      if (type === "JobPlaced" || type === "JobContinued")
        for (const placement of placementsOf([data.award]))
          told.set(placement, (told.get(placement) ?? 0) + 1);
    }
  const odd = (times: ReadonlyMap<string, number>, what: string) =>
    [...times].flatMap(([placement, count]) =>
      count === 1 ? [] : [`award ${placement} is ${what} ${count} times`],
    );
  return [
    ...odd(published, "published"),
    ...odd(told, "told"),
    ...[...auctionOf].flatMap(([placement, stream]) =>
      sealed.has(stream) && !told.has(placement) ? [`award ${placement} was never told to its job`] : [],
    ),
    ...[...told.keys()].flatMap((placement) =>
      published.has(placement) ? [] : [`placement ${placement} was never awarded`],
    ),
  ];
}

function placementsOf(awards: unknown): string[] {
  return Array.isArray(awards) ? awards.map((award) => String(award?.placement)) : [];
}

/** Auctions whose gate has closed, in order, each with its seal or without. */
export function auctionsOf(commits: readonly FeedCommit[]): ReadonlyMap<string, "open" | "ended"> {
  const auctions = new Map<string, "open" | "ended">();
  for (const { stream, events } of commits)
    for (const { type } of events) {
      if (type === "GateClosed") auctions.set(stream, auctions.get(stream) ?? "open");
      if (type === "AuctionCleared" || type === "AuctionVoided") auctions.set(stream, "ended");
    }
  return auctions;
}

/** The books of all pages, recomputed by the audit. */
export function auditFaults(book: FeedBook): string[] {
  return audit(book.pages).flatMap(({ name, ok, detail }) => (ok ? [] : [`${name}: ${detail}`]));
}

export interface Funds {
  /** Mills. */
  available: bigint;
  held: bigint;
}

/** What each account's deposits, holds, settlements and adjustments come to. */
export function fundsIn(commits: readonly FeedCommit[]): ReadonlyMap<string, Readonly<Funds>> {
  const accounts = new Map<string, Funds>();
  for (const { stream, events } of commits)
    for (const { type, data } of stream.startsWith("account-") ? events : []) {
      const account = String(data.account);
      const funds = accounts.get(account) ?? { available: 0n, held: 0n };
      accounts.set(account, funds);
      const amount = (name: string) => BigInt(String(data[name]));
      if (type === "FundsDeposited" || type === "FundsAdjusted") funds.available += amount("mills");
      if (type === "FundsHeld" || type === "HoldReleased") {
        const mills = type === "FundsHeld" ? amount("mills") : -amount("mills");
        funds.available -= mills;
        funds.held += mills;
      }
      if (type === "HoldSettled") {
        funds.available += amount("released");
        funds.held -= amount("paid") + amount("released");
      }
    }
  return accounts;
}
