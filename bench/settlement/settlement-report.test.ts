import { describe, expect, test } from "vitest";
import { Period } from "../../events/catalog/values.ts";
import type { BooksRun } from "./books.ts";
import type { DaysRun } from "./measure.ts";
import { faultsOf, type Measurements, missedGoals, settlementReport } from "./settlement-report.ts";

const fold = {
  events: 1000,
  entries: 400,
  parties: 5,
  position: 10,
  readSeconds: 2,
  foldSeconds: 0.5,
  statementSeconds: 0.5,
  megabytes: 200,
};
const days: DaysRun = {
  shape: { jobs: 100, days: 1, accounts: 3, centers: 2, seed: 1 },
  feed: {
    pages: 10,
    events: 1000,
    bytes: 1e9,
    cutOffs: [{ period: Period.parse("2026-03-02"), position: 9 }],
    breaks: 3,
    seconds: 1,
  },
  fold,
  resumed: { at: 5, sameTotals: true, megabytes: 210 },
  match: {
    events: 1000,
    facts: 2000,
    matched: 50,
    withinTolerance: 0,
    breaks: 4,
    placements: 3,
    codes: { awardWithoutUsage: 4 },
    readSeconds: 1,
    factSeconds: 1,
    diskSeconds: 1,
    matchSeconds: 1,
    megabytes: 300,
  },
};
const books: BooksRun = {
  version: "hledger 1.25",
  transactions: 100,
  check: [9, 10, 11],
  fold: [0.4, 0.5, 0.6],
  read: [2, 2, 2],
  accounts: 7,
  different: [],
};
const sound: Measurements = { machine: "a machine", load: "load 0", days, books };
const withDays = (more: Partial<DaysRun>): Measurements => ({ ...sound, days: { ...days, ...more } });

describe("what the bench of settlement makes of its numbers", () => {
  test("is nothing where they agree and keep the goals", () => {
    expect(faultsOf(sound)).toEqual([]);
    expect(missedGoals(sound)).toEqual([]);
    expect(settlementReport(sound)).toContain("it is 20 ×");
  });

  test.each([
    ["events that were not folded", withDays({ fold: { ...fold, events: 999 } })],
    ["other totals after going on", withDays({ resumed: { ...days.resumed, sameTotals: false } })],
    ["a break that nobody drew", withDays({ match: { ...days.match, placements: 4 } })],
    ["balances that differ", { ...sound, books: { ...books, different: ["assets:bank: 1, hledger 2"] } }],
  ])("is a fault for %s", (_, measurements) => {
    expect(faultsOf(measurements)).toHaveLength(1);
    expect(missedGoals(measurements)).toEqual([]);
  });

  test.each([
    ["a process of 513 MB", withDays({ match: { ...days.match, megabytes: 513 } })],
    ["a fold that is 19 × hledger", { ...sound, books: { ...books, check: [9.4, 9.5, 9.6] } }],
  ])("is a missed goal for %s", (_, measurements) => {
    expect(missedGoals(measurements)).toHaveLength(1);
    expect(faultsOf(measurements)).toEqual([]);
  });

  test("says so where hledger is missing", () => {
    const alone = { ...sound, books: null };
    expect(missedGoals(alone)).toEqual([]);
    expect(settlementReport(alone)).toContain("not installed");
  });
});
