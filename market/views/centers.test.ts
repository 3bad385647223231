import { describe, expect, test } from "vitest";
import { parseEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import { CenterId } from "../../events/catalog/values.ts";
import { center, owner, product, row, rowsOf, time } from "../../test/view-rows.ts";
import { viewKeys } from "./view.ts";

describe("a center", () => {
  const data = {
    center,
    owner,
    name: "One",
    region: "CN-SX",
    homeRegions: ["CN-GD"],
    pools: [{ product, cards: 64, frameworks: ["PyTorch"] }],
    puePermille: 1250,
    energy: new Array<number>(24).fill(400),
    gridFactor: 500,
  };
  const joined = parseEvent("CenterJoined", data);
  const link = { to: CenterId.parse("c-2"), gbps: 100, latencyMs: 5, perGB: 10 };

  test("is one row that each of its facts changes", () => {
    const view = { ...data, links: [], guarantee: "0", status: "joined", version: 1 };
    const key = viewKeys.center(center);
    const off = { center, at: time, payout: "c-1.2026-03-01" };
    const facts = [
      [joined, view],
      [parseEvent("LinksDeclared", { center, links: [link] }), { links: [link] }],
      [parseEvent("GuaranteePosted", { center, mills: "500" }), { guarantee: "500" }],
      [parseEvent("CenterLost", { center, at: time, slot: 1 }), { status: "lost" }],
      [parseEvent("CenterReturned", { center, at: time, slot: 2 }), { status: "joined" }],
      [parseEvent("CenterSuspended", { ...off, slot: 3 }), { status: "suspended", suspended: true }],
      [parseEvent("CenterLost", { center, at: time, slot: 4 }), { status: "lost" }],
      [parseEvent("CenterReturned", { center, at: time, slot: 5 }), { status: "suspended" }],
      [parseEvent("CenterLost", { center, at: time, slot: 6 }), { status: "lost" }],
      [parseEvent("CenterReinstated", { center, at: time, slot: 7 }), { suspended: false }],
      [parseEvent("CenterReturned", { center, at: time, slot: 8 }), { status: "joined" }],
    ] as const;
    const events = facts.map(([event]) => event);
    let expected: Record<string, unknown> = {};
    for (const [index, [, changed]] of facts.entries()) {
      expected = { ...expected, ...changed, version: index + 1 };
      expect(rowsOf(streams.center(center), ...events.slice(0, index + 1))).toEqual(row(key, expected));
    }
  });
});
