import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CenterEvent, LinkSpec } from "../events/catalog/center.ts";
import { CenterId, DepositId, MillsText, OwnerId, PayoutId, ProductId } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import {
  type CenterCommand,
  type CenterSpec,
  type CenterState,
  cardsOf,
  centerDecider,
  statusOf,
} from "./center.ts";
import { accept, nothing } from "./decider.ts";
import { instant, slotStart } from "./time.ts";

const center = CenterId.parse("xian");
const ascend = ProductId.parse("ascend910");
const spec: CenterSpec = {
  center,
  owner: OwnerId.parse("xian-owner"),
  name: "Xi'an",
  region: "Shaanxi",
  homeRegions: ["Ningxia"],
  pools: [{ product: ascend, cards: 1172, frameworks: [] }],
  puePermille: 1250,
  energy: Array.from({ length: 24 }, () => 500),
  gridFactor: 600,
};
const joined: CenterEvent = { type: "CenterJoined", data: spec };
const at = slotStart(100) + 1000;
const moment = { center, at: instant(at), slot: 100 };
const lost: CenterEvent = { type: "CenterLost", data: moment };
const returned: CenterEvent = { type: "CenterReturned", data: moment };
const link = (to: string): LinkSpec => ({ to: CenterId.parse(to), gbps: 100, latencyMs: 8, perGB: 20 });
const payout = PayoutId.parse("p-1");
const deposit = DepositId.parse("d-1");
const post = (mills: string): CenterCommand => ({
  type: "PostGuarantee",
  deposit,
  mills: MillsText.parse(mills),
  at,
});
const askFor = (mills: string): CenterCommand => ({
  type: "RequestGuaranteeReduction",
  mills: MillsText.parse(mills),
  at,
});
const posted = (mills: string, change?: string): Extract<CenterEvent, { type: "GuaranteePosted" }> => ({
  type: "GuaranteePosted",
  data: {
    center,
    mills: MillsText.parse(mills),
    ...(change === undefined ? {} : { change: MillsText.parse(change) }),
  },
});
/** The same as it came in. */
const cameIn = (mills: string, change?: string): CenterEvent => {
  const { type, data } = posted(mills, change);
  return { type, data: { ...data, deposit } };
};
const draw = (mills: string): CenterCommand => ({
  type: "DrawGuarantee",
  payout,
  mills: MillsText.parse(mills),
});
const reduce = (requested = at): CenterCommand => ({
  type: "ReduceGuarantee",
  requested: instant(requested),
});
const drawn = (mills: string, left: string): CenterEvent => ({
  type: "GuaranteeDrawn",
  data: { center, payout, mills: MillsText.parse(mills), left: MillsText.parse(left) },
});
const suspended: CenterEvent = { type: "CenterSuspended", data: { ...moment, payout } };
const join: CenterCommand = { type: "Join", spec };

/** What came in less what was drawn is what is left; a suspension is one a payout, and nothing goes back in it. */
function checkGuarantee(events: readonly CenterEvent[], state: CenterState): void {
  let left = 0n;
  for (const event of events) {
    if (event.type === "GuaranteePosted") left += BigInt(event.data.change ?? event.data.mills);
    if (event.type === "GuaranteeDrawn") left -= BigInt(event.data.mills);
    expect(left >= 0n).toBe(true);
  }
  const drawnFor = events.flatMap((event) => (event.type === "GuaranteeDrawn" ? [event.data.payout] : []));
  expect(new Set(drawnFor).size).toBe(drawnFor.length);
  let off = false;
  for (const { type, data } of events) {
    if (type === "CenterReinstated") expect(off).toBe(true);
    if (type === "GuaranteePosted" && off) expect(data.change?.startsWith("-")).not.toBe(true);
    if (type === "CenterSuspended" || type === "CenterReinstated") off = type === "CenterSuspended";
  }
  const payouts = events.flatMap((event) => (event.type === "CenterSuspended" ? [event.data.payout] : []));
  expect(new Set(payouts).size).toBe(payouts.length);
  if (state.phase === "unknown") return;
  expect(state.guarantee ?? "0").toBe(left.toString());
  expect(state.suspended !== undefined).toBe(off);
}

describe("a center", () => {
  test("joins once; another of its name is refused", () => {
    expect(given(centerDecider).when(join)).toEqual(accept(joined));
    expect(given(centerDecider, joined).when(join)).toEqual(nothing);
    const other: CenterCommand = { type: "Join", spec: { ...spec, name: "Another" } };
    expect(refusal(given(centerDecider, joined).when(other))).toBe("center-exists");
  });

  test("joins with products that are traded, each once", () => {
    const withPools = (...products: string[]): CenterCommand => ({
      type: "Join",
      spec: {
        ...spec,
        pools: products.map((id) => ({ product: ProductId.parse(id), cards: 1, frameworks: [] })),
      },
    });
    const unknown = given(centerDecider).when(withPools("ascend910", "abacus"));
    expect(unknown).toMatchObject({ rejection: { code: "product-unknown", field: "/pools/1/product" } });
    expect(refusal(given(centerDecider).when(withPools("ascend910", "ascend910")))).toBe("product-twice");
  });

  test("has the cards of its pools and no others", () => {
    const { state } = given(centerDecider, joined);
    if (state.phase === "unknown") throw new Error("not joined");
    expect([cardsOf(state.spec, "ascend910"), cardsOf(state.spec, "a100-80g")]).toEqual([1172, 0]);
  });

  test("that never joined can do nothing", () => {
    for (const command of [
      { type: "Lose", at },
      { type: "DeclareLinks", links: [] },
    ] as const)
      expect(refusal(given(centerDecider).when(command))).toBe("center-unknown");
  });

  test("declares its links as one list, which replaces the one before", () => {
    const links = [link("wuhan")];
    const declared: CenterEvent = { type: "LinksDeclared", data: { center, links } };
    expect(given(centerDecider, joined).when({ type: "DeclareLinks", links })).toEqual(accept(declared));
    const after = given(centerDecider, joined, declared);
    expect(after.when({ type: "DeclareLinks", links })).toEqual(nothing);
    expect(after.when({ type: "DeclareLinks", links: [] })).toEqual(
      accept<CenterEvent>({ type: "LinksDeclared", data: { center, links: [] } }),
    );
  });

  test("links neither to itself nor twice to another", () => {
    const before = given(centerDecider, joined);
    const itself = before.when({ type: "DeclareLinks", links: [link("wuhan"), link("xian")] });
    expect(itself).toMatchObject({ rejection: { code: "link-to-itself", field: "/links/1/to" } });
    expect(refusal(before.when({ type: "DeclareLinks", links: [link("wuhan"), link("wuhan")] }))).toBe(
      "link-twice",
    );
  });

  test("has as guarantee what came in for it, added up", () => {
    expect(given(centerDecider, joined).when(post("5000"))).toEqual(accept(cameIn("5000")));
    expect(given(centerDecider, joined, posted("5000")).when(post("5000"))).toEqual(
      accept(cameIn("10000", "5000")),
    );
    expect(given(centerDecider, joined, cameIn("5000")).when(post("5000"))).toEqual(nothing);
    for (const nothingCame of ["0", "-1"])
      expect(given(centerDecider, joined).when(post(nothingCame))).toMatchObject({
        rejection: { kind: "invalid", code: "guarantee-not-positive", field: "/mills" },
      });
  });

  test("asks for no more guarantee than came in", () => {
    const before = given(centerDecider, joined, posted("5000"));
    expect(before.when(askFor("5000"))).toEqual(nothing);
    expect(before.when(askFor("5001"))).toMatchObject({
      rejection: { kind: "conflict", code: "guarantee-not-received", field: "/mills" },
    });
    expect(given(centerDecider, joined).when(askFor("0"))).toEqual(nothing);
    expect(refusal(given(centerDecider, joined).when(askFor("1")))).toBe("guarantee-not-received");
    expect(refusal(before.when(askFor("-1")))).toBe("guarantee-negative");
  });

  test("is lost once, and returns once", () => {
    expect(given(centerDecider, joined).when({ type: "Lose", at })).toEqual(accept(lost));
    expect(given(centerDecider, joined, lost).when({ type: "Lose", at: at + 1 })).toEqual(nothing);
    expect(given(centerDecider, joined).when({ type: "Return", at })).toEqual(nothing);
    expect(given(centerDecider, joined, lost).when({ type: "Return", at })).toEqual(accept(returned));
    expect(given(centerDecider, joined, lost, returned).when({ type: "Lose", at })).toEqual(accept(lost));
  });

  test("whose guarantee is drawn pays once for a payout, and no more than there is", () => {
    const before = [joined, posted("5000")];
    const decided = given(centerDecider, ...before).when(draw("2000"));
    expect(decided).toEqual(accept(drawn("2000", "3000")));
    expect(given(centerDecider, ...before, drawn("2000", "3000")).when(draw("2000"))).toEqual(nothing);
    expect(refusal(given(centerDecider, ...before).when(draw("5001")))).toBe("guarantee-too-low");
    expect(refusal(given(centerDecider, ...before).when(draw("0")))).toBe("draw-not-positive");
  });

  test("is suspended once for a payout, until it posts as much as before the draw", () => {
    const suspend: CenterCommand = { type: "Suspend", payout, at };
    const short = [joined, posted("5000"), drawn("2000", "3000")];
    expect(given(centerDecider, ...short).when(suspend)).toEqual(accept(suspended));
    const off = [...short, suspended];
    expect(given(centerDecider, ...off).when(suspend)).toEqual(nothing);
    expect(given(centerDecider, ...off).when(post("1999"))).toEqual(accept(cameIn("4999", "1999")));
    const whole = accept<CenterEvent>(cameIn("5000", "2000"), { type: "CenterReinstated", data: moment });
    expect(given(centerDecider, ...off).when(post("2000"))).toEqual(whole);
    // What it posted in between counts for nothing by itself.
    const part = given(centerDecider, ...off, posted("4999", "1999"));
    expect(part.when(post("1"))).toMatchObject({ events: [{}, { type: "CenterReinstated" }] });
    const back = given(centerDecider, ...off, posted("5000", "2000"), {
      type: "CenterReinstated",
      data: moment,
    });
    expect(back.when(suspend)).toEqual(nothing);
    expect(back.when({ ...suspend, payout: PayoutId.parse("p-2") })).toMatchObject({
      ok: true,
      events: [{}],
    });
  });

  test("takes back of its guarantee what it asked for once the day is closed", () => {
    const asked: CenterEvent = {
      type: "GuaranteeReductionRequested",
      data: { center, mills: MillsText.parse("1000"), at: instant(at) },
    };
    const before = [joined, posted("5000")];
    expect(given(centerDecider, ...before).when(askFor("1000"))).toEqual(accept(asked));
    const after = given(centerDecider, ...before, asked);
    expect(after.when(askFor("1000"))).toEqual(nothing);
    expect(after.when(reduce())).toEqual(accept(posted("1000", "-4000")));
    const gone = given(centerDecider, ...before, asked, posted("1000", "-4000"));
    expect(gone.when(reduce())).toEqual(nothing);
    // What was asked for on the next day waits for its close.
    expect(after.when(reduce(at - 1))).toEqual(nothing);
    expect(given(centerDecider, ...before).when(reduce())).toEqual(nothing);
  });

  test("that asked for some of its guarantee back keeps it when it asks for all to stay, more came in, or the day drew on it", () => {
    const asked: CenterEvent = {
      type: "GuaranteeReductionRequested",
      data: { center, mills: MillsText.parse("1000"), at: instant(at) },
    };
    const before = [joined, posted("5000"), asked];
    expect(given(centerDecider, ...before).when(askFor("5000"))).toEqual(accept(posted("5000", "0")));
    for (const end of [posted("5000", "0"), posted("6000", "1000"), drawn("2000", "3000"), suspended])
      expect(given(centerDecider, ...before, end).when(reduce())).toEqual(nothing);
  });

  test("takes nothing of its guarantee back while it is suspended", () => {
    const off = given(centerDecider, joined, posted("350"), drawn("100", "250"), suspended);
    for (const less of ["0", "249"])
      expect(off.when(askFor(less))).toMatchObject({
        rejection: { kind: "conflict", code: "guarantee-not-whole", field: "/mills" },
      });
    expect(off.when(askFor("250"))).toEqual(nothing);
    expect(refusal(off.when(askFor("350")))).toBe("guarantee-not-received");
    expect(off.when(post("1"))).toEqual(accept(cameIn("251", "1")));
  });

  test("that is suspended already is so for a second payout too, until all is made up for", () => {
    const second: CenterCommand = { type: "Suspend", payout: PayoutId.parse("p-2"), at };
    const again: CenterEvent = {
      type: "CenterSuspended",
      data: { ...moment, payout: PayoutId.parse("p-2") },
    };
    const off = [joined, posted("5000"), drawn("2000", "3000"), suspended, posted("3500", "500")];
    expect(given(centerDecider, ...off).when(second)).toEqual(accept(again));
    const twice = given(centerDecider, ...off, again);
    expect(twice.when(post("1499"))).toEqual(accept(cameIn("4999", "1499")));
    expect(twice.when(post("1500"))).toMatchObject({ events: [{}, { type: "CenterReinstated" }] });
    const back: CenterEvent = { type: "CenterReinstated", data: moment };
    expect(given(centerDecider, ...off, again, posted("5000", "1500"), back).when(second)).toEqual(nothing);
  });

  test("that never posted a guarantee is suspended until it posts one", () => {
    const off = given(centerDecider, joined, suspended);
    expect(off.when(askFor("0"))).toEqual(nothing);
    expect(off.when(post("1"))).toMatchObject({ events: [{}, { type: "CenterReinstated" }] });
  });

  test("says that it is lost before it says that it is suspended", () => {
    const statusAfter = (...events: readonly CenterEvent[]) => {
      const { state } = given(centerDecider, joined, ...events);
      return state.phase === "unknown" ? undefined : statusOf(state);
    };
    expect(statusAfter()).toBe("joined");
    expect(statusAfter(suspended)).toBe("suspended");
    expect(statusAfter(suspended, lost)).toBe("lost");
    expect(statusAfter(suspended, lost, returned)).toBe("suspended");
  });

  test("whatever is asked of it, its events are of the catalog and repeats add none", () => {
    const amount = fc.integer({ min: -2, max: 5 }).map((value) => MillsText.parse(String(value)));
    const payouts = fc.constantFrom("p-1", "p-2", "p-3").map((id) => PayoutId.parse(id));
    const commands: fc.Arbitrary<CenterCommand> = fc.oneof(
      fc.constant(join),
      fc.record({
        type: fc.constant("DeclareLinks" as const),
        links: fc.array(fc.constantFrom("wuhan", "shenzhen", "xian").map(link), { maxLength: 3 }),
      }),
      fc.record({
        type: fc.constant("PostGuarantee" as const),
        deposit: fc.constantFrom("d-1", "d-2", "d-3", "d-4").map((id) => DepositId.parse(id)),
        mills: amount,
        at: fc.constant(at),
      }),
      fc.record({
        type: fc.constant("RequestGuaranteeReduction" as const),
        mills: amount,
        at: fc.constant(at),
      }),
      fc.constantFrom(reduce(), reduce(at - 1)),
      fc.record({ type: fc.constant("DrawGuarantee" as const), payout: payouts, mills: amount }),
      fc.record({ type: fc.constant("Suspend" as const), payout: payouts, at: fc.constant(at) }),
      fc.record({
        type: fc.constantFrom("Lose" as const, "Return" as const),
        at: fc.constantFrom(at, at + 9e5),
      }),
    );
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 20 }), (all) => {
        const { state, events } = carryOut(centerDecider, all);
        const comings = events.filter(({ type }) => type === "CenterLost" || type === "CenterReturned");
        // Lost and returned take turns, and the last of them is what the center is.
        for (const [index, { type }] of comings.entries())
          expect(type).toBe(index % 2 === 0 ? "CenterLost" : "CenterReturned");
        if (state.phase !== "unknown") expect(state.phase).toBe(comings.length % 2 === 1 ? "lost" : "joined");
        checkGuarantee(events, state);
      }),
    );
  });
});
