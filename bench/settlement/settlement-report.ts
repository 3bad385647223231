import { markdownTable } from "../marked-section.ts";
import { median } from "../spread.ts";
import type { BooksRun } from "./books.ts";
import type { DaysRun } from "./measure.ts";

export interface Measurements {
  readonly machine: string;
  readonly load: string;
  readonly days: DaysRun;
  /** Null: hledger is not installed. */
  readonly books: BooksRun | null;
}

/** MB that a process of finance may take, whatever the number of jobs. */
const MEGABYTES_MOST = 512;
/** Our fold against hledger's check of the same transactions. */
const TIMES_HLEDGER = 20;

const whole = (value: number) => Math.round(value).toLocaleString("en");
const perSecond = (count: number, seconds: number) => whole(count / Math.max(seconds, 1e-3));

/** How many times our fold is as fast as hledger's check. */
function timesHledger({ check, fold }: BooksRun): number {
  return median(check) / median(fold);
}

/** What is wrong whatever the machine: numbers that must agree and do not. */
export function faultsOf({ days, books }: Measurements): string[] {
  const { feed, fold, resumed, match } = days;
  return [
    ...(fold.events === feed.events ? [] : ["the fold did not see every event"]),
    ...(resumed.sameTotals ? [] : [`the fold that went on from page ${resumed.at} has other totals`]),
    ...(match.placements === feed.breaks
      ? []
      : [`the match found breaks of ${match.placements} placements where ${feed.breaks} were drawn`]),
    ...(books?.different.map((line) => `balances differ: ${line}`) ?? []),
  ];
}

/** Goals that are missed. */
export function missedGoals({ days, books }: Measurements): string[] {
  const peak = Math.max(days.fold.megabytes, days.resumed.megabytes, days.match.megabytes);
  return [
    ...(peak <= MEGABYTES_MOST ? [] : [`peak memory ${peak} MB is above ${MEGABYTES_MOST} MB`]),
    ...(books === null || timesHledger(books) >= TIMES_HLEDGER
      ? []
      : [`the fold is ${timesHledger(books).toFixed(1)} × as fast as hledger, not ${TIMES_HLEDGER} ×`]),
  ];
}

export function settlementReport({ machine, load, days, books }: Measurements): string {
  return [
    `${machine}; ${load}.`,
    atScale(days),
    books === null
      ? "hledger is not installed here (Debian: `apt-get install hledger`): nothing to compare with."
      : besideHledger(books),
  ].join("\n\n");
}

function atScale({ shape, feed, fold, resumed, match }: DaysRun): string {
  const folding = fold.readSeconds + fold.foldSeconds + fold.statementSeconds;
  const { readSeconds, factSeconds, diskSeconds, matchSeconds } = match;
  const matching = factSeconds + diskSeconds + matchSeconds;
  const rows = [
    ["ledger: fold", perSecond(fold.events, fold.foldSeconds), ""],
    ["invoices and payouts: fold", perSecond(fold.events, fold.statementSeconds), ""],
    ["both, with pages read and parsed", perSecond(fold.events, folding), String(fold.megabytes)],
    ["the same, gone on with half-way", "", String(resumed.megabytes)],
    ["match: facts and match", perSecond(match.events, factSeconds + matchSeconds), ""],
    ["match: with its facts on disk by bucket", perSecond(match.events, matching), ""],
    [
      "match: read and parsed as well",
      perSecond(match.events, matching + readSeconds),
      String(match.megabytes),
    ],
  ];
  const size = `${whole(shape.jobs)} jobs on ${shape.days} days: ${whole(feed.events)} events on ${whole(feed.pages)} pages, ${(feed.bytes / 1e9).toFixed(1)} GB`;
  return `### Finance at ${size}

${markdownTable(["step", "events per second", "peak MB"], rows)}

Goal: at most ${MEGABYTES_MOST} MB each, a process of its own. The fold that stopped at page ${whole(resumed.at)} and went on from its totals came to the same totals${resumed.sameTotals ? "" : " — it did NOT"}. The match agreed on ${whole(match.matched)} slots and found ${whole(match.breaks)} breaks, of ${whole(match.placements)} placements; ${whole(feed.breaks)} were drawn without usage. Not covered: the database (pages come from a file, results go to files), and issuing invoices and payouts, which is a commit each.`;
}

function besideHledger(books: BooksRun): string {
  const { version, transactions, check, fold, read, accounts, different } = books;
  const [ours, theirs, reading] = [median(fold), median(check), median(read)];
  const rows = [
    ["hledger check -s ordereddates payees", theirs.toFixed(2), perSecond(transactions, theirs)],
    ["our fold", ours.toFixed(2), perSecond(transactions, ours)],
    [
      "our fold, pages read and parsed as well",
      (ours + reading).toFixed(2),
      perSecond(transactions, ours + reading),
    ],
  ];
  return `### The same books in ${version}

${markdownTable([`${whole(transactions)} transactions`, "seconds", "transactions per second"], rows)}

Medians of ${check.length} rounds that took turns. Goal: the fold at least ${TIMES_HLEDGER} × as fast as hledger's check; it is ${timesHledger(books).toFixed(0)} ×, and ${(theirs / (ours + reading)).toFixed(1)} × with the pages, which hold every event and not only those that move money. Balances of ${whole(accounts)} accounts ${different.length === 0 ? "are equal to the mill" : `differ in ${different.length}`}. Not covered: hledger checks more than sums, and reads a text that people can write.`;
}
