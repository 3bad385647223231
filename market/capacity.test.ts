import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CapacityEvent } from "../events/catalog/center.ts";
import { CenterId, ProductId } from "../events/catalog/values.ts";
import { carryOut, given } from "../test/given-when-then.ts";
import { type CapacityCommand, capacityDecider } from "./capacity.ts";
import { accept, nothing } from "./decider.ts";

const center = CenterId.parse("xian");
const ascend = ProductId.parse("ascend910");
const a100 = ProductId.parse("a100-80g");
const report = (slot: number, working: number, idle: number, product = ascend): CapacityCommand => ({
  type: "Sense",
  center,
  slot,
  pools: [{ product, working, idle }],
});
const sensed = (slot: number, working: number, idle: number, product = ascend): CapacityEvent => ({
  type: "CapacitySensed",
  data: { center, product, working, idle, slot },
});

describe("what a center senses", () => {
  test("is recorded when it changes, pool by pool", () => {
    const both: CapacityCommand = {
      ...report(10, 1170, 40),
      pools: [
        { product: ascend, working: 1170, idle: 40 },
        { product: a100, working: 64, idle: 9 },
      ],
    };
    expect(given(capacityDecider).when(both)).toEqual(accept(sensed(10, 1170, 40), sensed(10, 64, 9, a100)));
    expect(given(capacityDecider, sensed(9, 1170, 40)).when(both)).toEqual(accept(sensed(10, 64, 9, a100)));
  });

  test("is no news when it says the same again", () => {
    expect(given(capacityDecider, sensed(10, 1170, 40)).when(report(12, 1170, 40))).toEqual(nothing);
  });

  test("is no news when a later report has overtaken it", () => {
    expect(given(capacityDecider, sensed(12, 1170, 40)).when(report(11, 1000, 0))).toEqual(nothing);
    expect(given(capacityDecider, sensed(12, 1170, 40)).when(report(12, 1000, 0))).toEqual(
      accept(sensed(12, 1000, 0)),
    );
  });

  test("never goes back in time, and repeats add nothing", () => {
    const reports = fc
      .tuple(fc.nat(5), fc.nat(3), fc.nat(3), fc.constantFrom(ascend, a100))
      .map(([slot, working, idle, product]) => report(slot, working, idle, product));
    fc.assert(
      fc.property(fc.array(reports, { maxLength: 30 }), (all) => {
        const { events, state } = carryOut(capacityDecider, all);
        for (const product of [ascend, a100]) {
          const slots = events.filter(({ data }) => data.product === product).map(({ data }) => data.slot);
          expect(slots).toEqual(slots.toSorted((x, y) => x - y));
          expect(state.sensed.get(product)?.slot).toBe(slots.at(-1));
        }
      }),
    );
  });
});
