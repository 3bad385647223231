import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventQueue } from "./event-queue.ts";

describe("the event queue", () => {
  it("gives things by time, then order, then as they were added", () => {
    const thing = fc.record({ at: fc.integer({ min: 0, max: 9 }), order: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(thing, { maxLength: 80 }), (things) => {
        const queue = createEventQueue<number>();
        things.forEach(({ at, order }, n) => {
          queue.add(at, order, n);
        });
        const expected = things
          .map((one, n) => ({ ...one, n }))
          .sort((a, b) => a.at - b.at || a.order - b.order || a.n - b.n);
        expect(things.map(() => queue.next())).toEqual(expected.map(({ at, n }) => ({ at, item: n })));
        expect(queue.next()).toBeUndefined();
      }),
    );
  });

  it("takes new things while it is emptied", () => {
    const queue = createEventQueue<string>();
    queue.add(5, 0, "later");
    queue.add(1, 0, "first");
    expect(queue.next()?.item).toBe("first");
    queue.add(2, 0, "between");
    expect([queue.next()?.item, queue.next()?.item, queue.next()]).toEqual(["between", "later", undefined]);
  });
});
