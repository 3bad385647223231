import { expect, test } from "vitest";
import { runKills } from "./kill-run.ts";

const kills = 20;
const seed = process.env.KILL_SEED ?? String(Date.now());

test(`an exchange that is killed ${kills} times in a busy market keeps its word each time`, {
  timeout: 900_000,
}, async () => {
  console.log(`KILL_SEED=${seed}`);
  const { hits, faults, totals } = await runKills({ kills, seed, report: console.log });
  console.log(totals);

  expect(faults).toEqual([]);
  expect(hits).toHaveLength(kills);
  // A market that rests would pass as well.
  expect(totals.acknowledged).toBeGreaterThan(100);
  expect(totals.awards).toBeGreaterThan(20);
  expect(totals.auctions).toBeGreaterThan(10);
  expect(totals.closedDays).toBeGreaterThan(0);
});
