import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_SCENARIO } from "../../agent/scenario/scenario.ts";
import { type Options, readOptions, usage } from "./options.ts";

const defaults: Options = {
  once: false,
  empty: false,
  scenario: DEFAULT_SCENARIO,
  days: 1,
  port: 8080,
  data: ".suanwang",
};

/** Names of the options as the usage shows them, and whether each takes a value. */
const shown = [...usage.matchAll(/^ {2}--(\w+)( [A-Z]+)?/gm)].map(([, name = "", value]) => ({
  name,
  takesValue: value !== undefined,
}));

const path = fc.string({ minLength: 1, maxLength: 20 });

/** Options as a user means them; what is absent is not given. */
const meant = fc.record(
  {
    once: fc.boolean(),
    empty: fc.boolean(),
    scenario: path,
    jobs: fc.integer({ min: 1, max: 1_000_000 }),
    days: fc.integer({ min: 1, max: 3 }),
    rate: fc.double({ min: 0, minExcluded: true, noDefaultInfinity: true, noNaN: true }),
    port: fc.integer({ min: 0, max: 65_535 }),
    data: path,
  },
  { requiredKeys: [] },
);

/** Arguments that say so. */
function argumentsFor(options: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    typeof value === "boolean" ? (value ? [`--${name}`] : []) : [`--${name}=${value}`],
  );
}

describe("options", () => {
  test("that are not given are those of the README: the bundled day, at port 8080, in .suanwang", () => {
    expect(readOptions([])).toEqual(defaults);
  });

  test("that are given come out as they were meant, in any order", () => {
    fc.assert(
      fc.property(meant, fc.infiniteStream(fc.nat()), (options, order) => {
        fc.pre(!(options.once && options.empty));
        const args = argumentsFor(options)
          .map((text) => ({ text, place: order.next().value ?? 0 }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ text }) => text);
        expect(readOptions(args)).toEqual({ ...defaults, ...options });
      }),
    );
  });

  test("take their value after a space as well", () => {
    expect(readOptions(["--days", "2", "--rate", "0.5", "--data", "/tmp/a b", "--once"])).toEqual({
      ...defaults,
      days: 2,
      rate: 0.5,
      data: "/tmp/a b",
      once: true,
    });
  });

  test("that are given twice count as given last", () => {
    expect(readOptions(["--port=1", "--port=2"])).toMatchObject({ port: 2 });
  });

  test("leave out what has no default, for its absence means something", () => {
    expect(readOptions([])).not.toHaveProperty("jobs");
    expect(readOptions([])).not.toHaveProperty("rate");
  });

  test("do not touch the arguments", () => {
    const args = Object.freeze(["--once", "--days", "3"]);
    expect(readOptions(args)).toMatchObject({ once: true, days: 3 });
  });
});

describe("a whole number", () => {
  const ranges = [
    ["days", 1, 3],
    ["jobs", 1, 1_000_000],
    ["port", 0, 65_535],
  ] as const;

  test.each(ranges)("for --%s may be %d and %d", (name, least, most) => {
    expect(readOptions([`--${name}=${least}`])).toMatchObject({ [name]: least });
    expect(readOptions([`--${name}=${most}`])).toMatchObject({ [name]: most });
  });

  test.each(
    ranges.flatMap(([name, least, most]) =>
      [String(least - 1), String(most + 1), "1.5", "x", "1x", "NaN", "Infinity", "", " "].map(
        (text) => [name, text, least, most] as const,
      ),
    ),
  )("for --%s is not %j, and the error says what is", (name, text, least, most) => {
    expect(() => readOptions([`--${name}=${text}`])).toThrow(
      new Error(`--${name} takes a whole number from ${least} to ${most}, not ${text}`),
    );
  });
});

describe("a rate", () => {
  test.each(["0", "-0", "-1", "NaN", "fast", "", " ", "Infinity", "1e999"])(
    "is not %j, and the error says what is",
    (text) => {
      expect(() => readOptions([`--rate=${text}`])).toThrow(
        new Error(`--rate takes a number above 0, not ${text}`),
      );
    },
  );

  test.each([
    ["1", 1],
    ["0.001", 0.001],
    ["1e5", 100_000],
  ])("may be %s", (text, rate) => {
    expect(readOptions([`--rate=${text}`])).toEqual({ ...defaults, rate });
  });
});

describe("arguments", () => {
  test("cannot ask for an outcome of nothing", () => {
    expect(() => readOptions(["--once", "--empty"])).toThrow(/--once.*--empty/);
  });

  test.each([
    ["an option that there is not", ["--fast"], "--fast"],
    ["a word alone", ["day.json"], "day.json"],
    ["an option without its value", ["--data"], "--data"],
    ["a value where there is none to take", ["--once=yes"], "--once"],
    ["an option where a value should be", ["--data", "--once"], "--data"],
    ["a short option", ["-p", "80"], "-p"],
  ])("with %s are refused by name, and told where the right ones are", (_, args, name) => {
    expect(() => readOptions(args)).toThrow(name);
    expect(() => readOptions(args)).toThrow(/: npm start -- --help shows the options$/);
  });

  test("that ask for help get it, whatever else they say", () => {
    expect(readOptions(["--help"])).toBe("help");
    expect(readOptions(["--once", "--empty", "--days=9", "--help"])).toBe("help");
  });
});

describe("the usage", () => {
  test("shows every option", () => {
    const known = ["once", "empty", "scenario", "jobs", "days", "rate", "port", "data", "help"];
    expect(shown.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });

  test.each(shown)("is right that --$name takes a value: $takesValue", ({ name, takesValue }) => {
    const given = () => readOptions(takesValue ? [`--${name}=1`] : [`--${name}`]);
    const other = () => readOptions(takesValue ? [`--${name}`] : [`--${name}=1`]);
    expect(given).not.toThrow();
    expect(other).toThrow(`--${name}`);
  });

  test("names the defaults", () => {
    expect(usage).toContain(`(default ${defaults.port})`);
    expect(usage).toContain(`(default ${defaults.data})`);
  });
});
