import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CenterDebt, coverDebt } from "./center-default.ts";

const debt = (given: Partial<CenterDebt>): CenterDebt => ({
  owed: 1000n,
  earned: 0n,
  guarantee: 0n,
  defaultFund: 0n,
  recipients: new Map([["tenant:lab", given.owed ?? 1000n]]),
  ...given,
});

describe("what a center owes", () => {
  test("is met by what it earned", () => {
    expect(coverDebt(debt({ earned: 1000n, guarantee: 50n, defaultFund: 50n }))).toMatchObject({
      shortfall: 0n,
      fromGuarantee: 0n,
      fromDefaultFund: 0n,
      uncollectible: 0n,
    });
  });

  test("beyond that by its guarantee, then by the default fund, then by those who were to have it", () => {
    const recipients = new Map([
      ["tenant:lab", 500n],
      ["tenant:clinic", 300n],
      ["center:xian", 200n],
    ]);
    const cover = coverDebt(debt({ earned: 400n, guarantee: 350n, defaultFund: 200n, recipients }));
    expect(cover).toEqual({
      shortfall: 600n,
      fromGuarantee: 350n,
      fromDefaultFund: 200n,
      uncollectible: 50n,
      losses: new Map([
        ["tenant:lab", 25n],
        ["tenant:clinic", 15n],
        ["center:xian", 10n],
      ]),
    });
  });

  test("leaves the largest remainder to bear what does not divide", () => {
    const recipients = new Map([
      ["tenant:a", 1n],
      ["tenant:b", 2n],
      ["tenant:c", 4n],
    ]);
    // 5 x 1/7, 2/7 and 4/7: 0.71, 1.43 and 2.86.
    expect(coverDebt(debt({ owed: 7n, earned: 2n, recipients })).losses).toEqual(
      new Map([
        ["tenant:a", 1n],
        ["tenant:b", 1n],
        ["tenant:c", 3n],
      ]),
    );
  });

  test("is refused where the parts are not what is owed, or an amount is below 0", () => {
    expect(() => coverDebt(debt({ recipients: new Map([["tenant:lab", 999n]]) }))).toThrow(RangeError);
    expect(() => coverDebt(debt({ guarantee: -1n }))).toThrow(RangeError);
  });
});

const amount = fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 10n ** 12n));
const debts = fc
  .record({
    earned: amount,
    guarantee: amount,
    defaultFund: amount,
    parts: fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), amount), {
      selector: ([name]) => name,
      maxLength: 8,
    }),
  })
  .map(({ parts, ...have }) => ({
    ...have,
    owed: parts.reduce((sum, [, part]) => sum + part, 0n),
    recipients: new Map(parts),
  }));

describe("whatever a center owes and has", () => {
  test("all of it is borne once, by each in turn, and no recipient loses more than it was to have", () => {
    fc.assert(
      fc.property(debts, (given) => {
        const { shortfall, fromGuarantee, fromDefaultFund, uncollectible, losses } = coverDebt(given);
        expect(shortfall).toBe(given.owed > given.earned ? given.owed - given.earned : 0n);
        expect(fromGuarantee + fromDefaultFund + uncollectible).toBe(shortfall);
        expect(fromGuarantee <= given.guarantee && fromDefaultFund <= given.defaultFund).toBe(true);
        // Each is asked only when the one before it is used up.
        if (fromDefaultFund > 0n) expect(fromGuarantee).toBe(given.guarantee);
        if (uncollectible > 0n) expect(fromDefaultFund).toBe(given.defaultFund);
        let sum = 0n;
        for (const [who, part] of given.recipients) {
          const loss = losses.get(who) ?? 0n;
          expect(loss >= 0n && loss <= part).toBe(true);
          // Within a mill of its proportion.
          const off = loss * given.owed - uncollectible * part;
          expect(off < given.owed || given.owed === 0n).toBe(true);
          expect(-off < given.owed || given.owed === 0n).toBe(true);
          sum += loss;
        }
        expect(sum).toBe(uncollectible);
      }),
    );
  });

  test("the order of the recipients changes nothing", () => {
    fc.assert(
      fc.property(debts, (given) => {
        const reversed = { ...given, recipients: new Map([...given.recipients].toReversed()) };
        expect(new Map([...coverDebt(reversed).losses].sort())).toEqual(
          new Map([...coverDebt(given).losses].sort()),
        );
      }),
    );
  });
});
