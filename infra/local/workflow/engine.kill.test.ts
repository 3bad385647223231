import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openJournal } from "./journal.ts";

const CHILD = join(import.meta.dirname, "../../../test/workflow-child.ts");
const COUNT = 400;
const KILLS = 8;

const folder = mkdtempSync(join(tmpdir(), "workflow-kill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the child until it has called this many functions, or to its end. */
async function live(calls: number): Promise<"killed" | "ended"> {
  const child = spawn(process.execPath, [CHILD, folder, String(COUNT)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let dots = 0;
  child.stdout.on("data", (text: Buffer) => {
    dots += text.length;
    if (dots >= calls) child.kill("SIGKILL");
  });
  const [code, signal] = await once(child, "exit");
  if (signal === "SIGKILL") return "killed";
  expect(code).toBe(0);
  return "ended";
}

function read<T>(file: string, schema: z.ZodType<T>): T[] {
  const lines = readFileSync(join(folder, file), "utf8").split("\n").filter(Boolean);
  return lines.map((line) => schema.parse(JSON.parse(line)));
}

const isAnswered = (n: number) => n % 10 !== 0;
const ITEMS = [0, 1, 2];

function expectedRecord(n: number): unknown {
  const name = `e${n}`;
  // Doubled by the first task, and one more by each of the two answers.
  return isAnswered(n)
    ? { name, n: n * 2 + 2, items: ITEMS.map((item) => ({ name, item })) }
    : { name, n, patience: 2 };
}

describe("an engine that is killed again and again", () => {
  it("loses no execution and no token, and ends each execution rightly", async () => {
    for (let kill = 0; kill < KILLS; kill += 1) expect(await live(120 + 40 * kill)).toBe("killed");
    expect(await live(Number.POSITIVE_INFINITY)).toBe("ended");

    const lives = read("lives", z.object({ resumed: z.number() }));
    expect(lives).toHaveLength(KILLS + 1);
    expect(lives.filter(({ resumed }) => resumed > 0).length).toBeGreaterThanOrEqual(KILLS - 1);

    const journal = openJournal(join(folder, "journal.sqlite"));
    for (let n = 0; n < COUNT; n += 1) {
      expect(journal.status(isAnswered(n) ? "job" : "unanswered", `e${n}`)).toBe("SUCCEEDED");
    }
    expect(journal.running()).toEqual([]);
    journal.close();

    const records = read("records", z.looseObject({ name: z.string() }));
    expect(new Set(records.map(({ name }) => name)).size).toBe(COUNT);
    for (const record of records) expect(record).toEqual(expectedRecord(Number(record.name.slice(1))));

    const items = read("items", z.object({ name: z.string(), item: z.number() }));
    expect(new Set(items.map(({ name, item }) => `${name} ${item}`)).size).toBe(COUNT * 0.9 * ITEMS.length);
  });

  it("told the same token whenever it asked again, and took every answer", () => {
    const tokens = read("tokens", z.object({ token: z.string(), name: z.string(), step: z.string() }));
    const byTask = Map.groupBy(tokens, ({ name, step }) => `${name} ${step}`);
    for (const told of byTask.values()) expect(new Set(told.map(({ token }) => token)).size).toBe(1);
    expect(byTask.size).toBe(COUNT / 10 + (COUNT - COUNT / 10) * 2);
    const answered = read("answered", z.object({ token: z.string() }));
    const all = tokens.filter(({ step }) => step !== "never").map(({ token }) => token);
    expect(new Set(answered.map(({ token }) => token))).toEqual(new Set(all));
  });
});
