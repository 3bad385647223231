import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startDynalite, testTables } from "../../test/dynalite.ts";
import { expectFeedToMatchLog } from "../../test/feed-check.ts";
import { createFeed } from "./feed.ts";
import { createEventLog } from "./log.ts";
import { createMarks } from "./marks.ts";
import { createRelay } from "./relay.ts";

const child = new URL("../../test/store-child.ts", import.meta.url).pathname;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "suanwang-store-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the child until it has answered so many commands, kills it with SIGKILL and gives what it answered. */
async function liveAndDie(life: number, answers: number): Promise<string[]> {
  const process_ = spawn(process.execPath, [child, folder, String(life)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors: string[] = [];
  process_.stderr.on("data", (data) => errors.push(String(data)));
  const gone = once(process_, "close");
  const answered: string[] = [];
  for await (const line of createInterface({ input: process_.stdout })) {
    answered.push(line);
    if (answered.length === answers) process_.kill("SIGKILL");
  }
  const [, signal] = await gone;
  if (signal !== "SIGKILL") throw new Error(`the child ended by itself: ${errors.join("")}`);
  // The last line may have been cut off.
  return answered.filter((line) => /^center-\w \d+-\d+-\d+$/.test(line));
}

test("killed again and again, the log keeps every answered command once, and the feed every commit once", async () => {
  const answered: string[] = [];
  // Kills fall at different depths: soon after the start, and in full flight.
  for (const [life, answers] of [1, 40, 150, 15, 300, 90, 220].entries())
    answered.push(...(await liveAndDie(life, answers)));

  const engine = await startDynalite(folder);
  try {
    const log = createEventLog(engine.database, testTables.log);
    const feed = createFeed(engine.database, testTables.feed);
    await createRelay({
      log,
      feed,
      marks: createMarks(engine.database, testTables.marks),
      random: () => 0,
    }).scan();
    expect(await expectFeedToMatchLog(engine.database)).toBeGreaterThanOrEqual(answered.length);
    const kept: string[] = [];
    for (const stream of ["center-a", "center-b", "center-c", "center-d", "center-e"])
      for (const { commandId } of await log.load(stream)) kept.push(`${stream} ${commandId}`);
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept).toEqual(expect.arrayContaining(answered));
  } finally {
    await engine.stop();
  }
}, 180_000);
