import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { slotTime } from "./figures.ts";
import { instantFrom, slotFrom } from "./slots.ts";

const slotMs = 360_000;
/** 10:00:30 in Shanghai, half a minute into its slot. */
const marketTime = "2026-03-02T02:00:30.000Z";
const slot = Math.floor(Date.parse(marketTime) / slotMs);
const now = async () => ({ marketTime, slot });
const never = async () => Promise.reject(new Error("the exchange was asked"));

describe("a slot on the command line", () => {
  test.each([
    ["4937000", "from", 4_937_000],
    ["2026-03-02T02:06:00Z", "from", slot + 1],
    ["2026-03-02T10:06", "from", slot + 1],
    ["2026-03-02 10:06:00", "to", slot + 1],
    ["2026-03-02T11:06+09:00", "from", slot + 1],
    // Inside a slot: never more than what was said.
    ["2026-03-02T10:00:30", "from", slot + 1],
    ["2026-03-02T10:00:30", "to", slot],
    ["2026-03-03", "to", slot + 140],
  ] as const)("%s as %s is a slot without asking the exchange", async (text, edge, wanted) => {
    expect(await slotFrom(text, edge, never)).toBe(wanted);
  });

  test.each([
    ["+0", "from", slot],
    ["+3", "to", slot + 3],
    ["+2h", "from", slot + 21],
    ["+2h", "to", slot + 20],
    ["+30m", "to", slot + 5],
    ["+330s", "from", slot + 1],
    ["+1d", "to", slot + 240],
  ] as const)("%s as %s counts from market time", async (text, edge, wanted) => {
    expect(await slotFrom(text, edge, now)).toBe(wanted);
  });

  test.each(["", "soon", "-2h", "+2w", "2026-13-02T10:00", "1.5", "2026-03-02T10:00 UTC"])(
    "%j is none, and the option is named",
    async (text) => {
      await expect(slotFrom(text, "from", never, "--from")).rejects.toMatchObject({
        exit: "usage",
        field: "--from",
      });
    },
  );

  test("and what a table shows of it mean the same", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 100_000_000 }), async (any) => {
        fc.pre(any * slotMs < Date.parse("9999-12-30T00:00:00Z"));
        expect(await slotFrom(slotTime(any), "from", never)).toBe(any);
        expect(await slotFrom(slotTime(any), "to", never)).toBe(any);
      }),
    ));
});

test.each([
  ["now", marketTime],
  ["-6m", "2026-03-02T01:54:30.000Z"],
  ["+1h", "2026-03-02T03:00:30.000Z"],
  ["2026-03-02T10:06", "2026-03-02T02:06:00.000Z"],
])("an instant may be %s", async (text, wanted) => {
  expect(await instantFrom(text, now, "--to")).toBe(wanted);
});
