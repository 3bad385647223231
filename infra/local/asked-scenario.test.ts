import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_SCENARIO, loadScenario } from "../../agent/scenario/scenario.ts";
import { ScenarioFile } from "../../agent/scenario/scenario-file.ts";
import { askedScenario } from "./asked-scenario.ts";

const bundled = ScenarioFile.parse(JSON.parse(readFileSync(DEFAULT_SCENARIO, "utf8")));
const [ascend, ...others] = bundled.products;
const trace = { ...bundled.trace, file: resolve(dirname(DEFAULT_SCENARIO), bundled.trace.file) };

/** The path of a file with this scenario. */
function written(scenario: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "scenario-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "mine.json");
  writeFileSync(path, JSON.stringify(scenario));
  return path;
}

describe("the scenario that is asked for", () => {
  test("is the file's, with all of its jobs unless fewer are asked for", () => {
    const scenario = written({ ...bundled, trace });
    expect(askedScenario({ scenario, days: 1 })).toEqual(loadScenario());
    const few = askedScenario({ scenario, days: 1, jobs: 5 }).jobs;
    expect(few.filter(({ workload }) => workload === "trace")).toHaveLength(5);
  });

  test.each([
    [{ name: "" }, "mine.json is no scenario:\n"],
    [
      { products: [...bundled.products, { product: "h100", tflops: 989, kw: 1 }] },
      "mine.json: /products/2/product: h100 is not traded: name one of ascend910, a100-80g",
    ],
    [
      { products: [{ ...ascend, kw: 0.4 }, ...others] },
      "mine.json: /products/0: ascend910 is traded as a card of 256 TFLOPS and 0.5 kW: say the same",
    ],
  ])("is refused by the option's name: %j", (wrong, message) => {
    const scenario = written({ ...bundled, trace, ...wrong });
    const ask = () => askedScenario({ scenario, days: 1 });
    expect(ask).toThrow(/^--scenario /);
    expect(ask).toThrow(message);
  });

  test("covers so many days and no more", () => {
    expect(() => askedScenario({ scenario: DEFAULT_SCENARIO, days: 4 })).toThrow(
      `--scenario ${DEFAULT_SCENARIO}: /trace/days: the trace covers 3 days from 2017-10-25, not 4: give fewer --days`,
    );
  });
});
