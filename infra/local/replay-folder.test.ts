import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_SCENARIO } from "../../agent/scenario/scenario.ts";
import { claimFolder, makeFolder } from "./replay-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "replay-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** A copy of the bundled scenario, with its trace. */
function copyOf(name: string): string {
  const path = join(folder, name, "day.json");
  mkdirSync(join(folder, name, "data"), { recursive: true });
  copyFileSync(DEFAULT_SCENARIO, path);
  const trace = join("data", "philly-jobs.csv");
  copyFileSync(join(dirname(DEFAULT_SCENARIO), trace), join(folder, name, trace));
  return path;
}

describe("a folder with a replay", () => {
  const begin = { scenario: DEFAULT_SCENARIO, days: 1, jobs: 40 };
  const claim = (more: Partial<Parameters<typeof claimFolder>[0]>) =>
    claimFolder({ data: folder, ...begin, ...more });

  test("goes on with it, also from a copy of its scenario", () => {
    claim({});
    expect(() => claim({})).not.toThrow();
    expect(() => claim({ scenario: copyOf("copy") })).not.toThrow();
  });

  test.each([
    [{ days: 2 }, "--days 1 --jobs 40:"],
    [{ jobs: 41 }, "--days 1 --jobs 40:"],
  ])("does not begin another, %j", (other, held) => {
    claim({});
    expect(() => claim(other)).toThrow(held);
  });

  test("knows a scenario that has been changed since, or whose trace has", () => {
    const scenario = copyOf("own");
    claim({ scenario });
    const trace = join(dirname(scenario), "data", "philly-jobs.csv");
    const was = readFileSync(trace, "utf8");
    writeFileSync(trace, was.trimEnd().split("\n").slice(0, -1).join("\n"));
    expect(() => claim({ scenario })).toThrow(/as it was before .* changed: give another --data/);
    writeFileSync(trace, was);
    expect(() => claim({ scenario })).not.toThrow();
    writeFileSync(scenario, `${readFileSync(scenario, "utf8")} `);
    expect(() => claim({ scenario })).toThrow(/as it was before .* changed: give another --data/);
  });

  test("that was begun before scenarios had digests goes on", () => {
    writeFileSync(join(folder, "replay"), JSON.stringify(begin));
    expect(() => claim({})).not.toThrow();
    expect(() => claim({ scenario: copyOf("copy") })).toThrow("holds another replay");
  });
});

test("a folder that cannot be made is refused by the option's name", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow("--data takes a folder that is there or can be made: EEXIST");
  expect(() => makeFolder("")).toThrow("--data takes a folder that is there or can be made: ENOENT");
  expect(() => makeFolder(join(folder, "a", "b"))).not.toThrow();
});
