import { expect, test } from "vitest";
import { chargesMatchAwards } from "./awards.ts";
import { fatesOf } from "./leases.ts";
import { type RawEvent, readEvent } from "./raw-events.ts";

// An award of 10 cards in slots 80 to 83 at 100 fen, given back whole on page 5 of the feed; slot 160 is the next day's first.

const day = "1970-01-01";
const fills = [{ center: "xian", product: "ascend910", from: 80, to: 84, cards: 10, price: 100 }];
const award = { placement: "j.1", job: "j", auction: 1, from: 80, to: 84, fills, links: [] };

const charge = (kind: string, from: number, to: number, fee: string, final: boolean) => ({
  ...{ charge: `j.1:${kind}:${from}-${to}`, job: "j", placement: "j.1", account: "lab", from, to },
  lines: fee === "0" ? [] : [{ kind: "releaseFee", from: "tenant:lab", to: "center:xian", mills: fee }],
  ...{ tenantPays: fee, final, period: day },
});

const closed = (period: string) =>
  [
    "PeriodClosed",
    { period, ...{ position: 9, feedHash: "", charges: 1, debits: "0", credits: "0" }, totals: [] },
  ] as const;

/** What the audit says; gates by the slot in which they closed and the page that they had seen. */
function faultOf(
  gates: readonly (readonly [number, number])[],
  ...after: readonly (readonly [string, object])[]
): string | undefined {
  const facts: (readonly [string, object])[] = [
    ["JobRequested", { job: "j", account: "lab", spec: { kind: "block", cards: 10 } }],
    ["AwardsPublished", { awards: [award] }],
    ["AuctionCleared", { auction: 1 }],
    ["JobPlaced", { job: "j", award }],
    ["JobCancelled", { placement: "j.1", slot: 80 }],
    ["ChargePosted", charge("end", 80, 80, "0", false)],
    ...gates.map(
      ([gate, position]) => ["GateClosed", { auction: 1, session: "spot", gate, position }] as const,
    ),
    ...after,
  ];
  const events: RawEvent[] = facts.map(([type, data]) =>
    readEvent({ stream: "auction-1", position: 5 }, { type, data }),
  );
  const { ok, detail } = chargesMatchAwards(events, fatesOf(events));
  return ok ? undefined : detail;
}

const release = (fee: string) => ["ChargePosted", charge("release", 80, 84, fee, true)] as const;

/** The first two close before it is given back, the next two after that. */
const gates = [
  [79, 3],
  [80, 4],
  [81, 5],
  [82, 6],
] as const;

test("a fee lies between what no gate could sell again and all of it", () => {
  expect(faultOf(gates, release("400"))).toBeUndefined();
  expect(faultOf(gates, release("401"))).toBe("award j.1 pays 401 mills of fees, at most 400 are due");
  // A center's line is rounded down once.
  expect(faultOf(gates, release("199"))).toBeUndefined();
  expect(faultOf(gates, release("198"))).toBe("award j.1 pays 198 mills of fees, at least 199 are due");
});

test("no fee is due on a slot whose last gate never closed", () => {
  expect(faultOf(gates.slice(2), release("200"))).toBeUndefined();
  expect(faultOf(gates.slice(2), release("201"))).toBe(
    "award j.1 pays 201 mills of fees, at most 200 are due",
  );
});

test("what was given back is charged by the close of the day after its last", () => {
  const missing = `award j.1 was given back in ${day}, and its fee is not charged`;
  expect(faultOf(gates, closed(day))).toBeUndefined();
  expect(faultOf(gates, closed("1970-01-02"))).toBe(missing);
  expect(faultOf(gates, release("400"), closed("1970-01-02"))).toBeUndefined();
});
