import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CenterEvent, LinkSpec } from "../events/catalog/center.ts";
import { CenterId, MillsText, OwnerId, ProductId } from "../events/catalog/values.ts";
import { carryOut, given, refusal } from "../test/given-when-then.ts";
import { type CenterCommand, type CenterSpec, cardsOf, centerDecider } from "./center.ts";
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
const join: CenterCommand = { type: "Join", spec };

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

  test("posts a guarantee that replaces the one before and is not negative", () => {
    const post = (mills: string) => ({ type: "PostGuarantee", mills: MillsText.parse(mills) }) as const;
    const posted: CenterEvent = { type: "GuaranteePosted", data: { center, mills: MillsText.parse("5000") } };
    expect(given(centerDecider, joined).when(post("5000"))).toEqual(accept(posted));
    expect(given(centerDecider, joined, posted).when(post("5000"))).toEqual(nothing);
    expect(given(centerDecider, joined, posted).when(post("7000"))).toMatchObject({
      events: [{ data: { mills: "7000" } }],
    });
    expect(refusal(given(centerDecider, joined).when(post("-1")))).toBe("guarantee-negative");
  });

  test("is lost once, and returns once", () => {
    expect(given(centerDecider, joined).when({ type: "Lose", at })).toEqual(accept(lost));
    expect(given(centerDecider, joined, lost).when({ type: "Lose", at: at + 1 })).toEqual(nothing);
    expect(given(centerDecider, joined).when({ type: "Return", at })).toEqual(nothing);
    expect(given(centerDecider, joined, lost).when({ type: "Return", at })).toEqual(accept(returned));
    expect(given(centerDecider, joined, lost, returned).when({ type: "Lose", at })).toEqual(accept(lost));
  });

  test("whatever is asked of it, its events are of the catalog and repeats add none", () => {
    const commands: fc.Arbitrary<CenterCommand> = fc.oneof(
      fc.constant(join),
      fc.record({
        type: fc.constant("DeclareLinks" as const),
        links: fc.array(fc.constantFrom("wuhan", "shenzhen", "xian").map(link), { maxLength: 3 }),
      }),
      fc.record({
        type: fc.constant("PostGuarantee" as const),
        mills: fc.integer({ min: -2, max: 5 }).map((value) => MillsText.parse(String(value))),
      }),
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
      }),
    );
  });
});
