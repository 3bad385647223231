import { expect, test } from "vitest";
import { chargesMatchAwards } from "./awards.ts";
import { fatesOf } from "./leases.ts";
import { type RawEvent, readEvent } from "./raw-events.ts";

// A service from 2 to 4 cards in slots 100 to 103, whose data went over a link before; it ran to its end.

const fill = { center: "xian", product: "ascend910", from: 100, to: 102, cards: 2, price: 10 };
const fills = [fill, { ...fill, from: 102, to: 104, cards: 4 }];
const links = [{ from: 98, to: 100, charge: "7", transfer: "30" }];
const lines = [
  { kind: "compute", from: "tenant:lab", to: "center:xian", mills: String(2 * 2 * 10 + 2 * 4 * 10) },
  { kind: "transfer", from: "tenant:lab", to: "link:wuhan~xian", mills: "30" },
  { kind: "link", from: "tenant:lab", to: "link:wuhan~xian", mills: "6" },
  { kind: "rent", from: "tenant:lab", to: "rent", mills: "1" },
];

function faultOf(changed: { fills?: object[]; lines?: object[] } = {}): string | undefined {
  const award = {
    placement: "web.1",
    job: "web",
    auction: 1,
    from: 100,
    to: 104,
    fills: changed.fills ?? fills,
    links,
  };
  const facts: [string, object][] = [
    ["JobRequested", { job: "web", account: "lab", spec: { kind: "service", cards: 4, floor: 2 } }],
    ["AwardsPublished", { awards: [award] }],
    ["AuctionCleared", { auction: 1 }],
    ["JobPlaced", { job: "web", award }],
    ["JobCompleted", { placement: "web.1", slot: 104 }],
    [
      "ChargePosted",
      {
        charge: "web.1:end:98-104",
        job: "web",
        placement: "web.1",
        account: "lab",
        from: 98,
        to: 104,
        lines: changed.lines ?? lines,
        tenantPays: "157",
        final: true,
        period: "1970-01-01",
      },
    ],
  ];
  const events: RawEvent[] = facts.map(([type, data]) =>
    readEvent({ stream: "auction-1", position: 1 }, { type, data }),
  );
  const { ok, detail } = chargesMatchAwards(events, fatesOf(events));
  return ok ? undefined : detail;
}

test("a service within its bounds, charged for its cards, its link and its data, is right", () => {
  expect(faultOf()).toBeUndefined();
});

test.each([
  [[fill, { ...fill, from: 102, to: 104, cards: 5 }], "service award web.1 has 5 cards in slot 102"],
  [[fill, { ...fill, from: 103, to: 104, cards: 4 }], "service award web.1 has 0 cards in slot 102"],
  [[fill, { ...fill, center: "wuhan", from: 102, to: 104 }], "service award web.1 lies in 2 pools"],
])("a service with other cards than it asked for is found", (wrong, says) => {
  const cards = wrong.reduce((sum, one) => sum + one.cards * (one.to - one.from), 0);
  const [compute, ...rest] = lines;
  expect(faultOf({ fills: wrong, lines: [{ ...compute, mills: String(cards * 10) }, ...rest] })).toContain(
    says,
  );
});

test.each([
  ["more", [...lines, { kind: "transfer", from: "tenant:lab", to: "link:wuhan~xian", mills: "1" }], 38],
  ["less", lines.slice(0, -1), 36],
])("%s for links than the award says is found", (_, wrong, paid) => {
  expect(faultOf({ lines: wrong })).toBe(`award web.1 was charged ${paid} mills for links, 37 are due`);
});
