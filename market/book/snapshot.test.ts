import { expect, test } from "vitest";
import { GroupId } from "../../events/catalog/values.ts";
import {
  bookAfter,
  cancelled,
  displaced,
  gateIn,
  held,
  inSlot,
  instanceOf,
  joined,
  link,
  linked,
  lost,
  offered,
  queued,
  reclaimed,
  seePage,
  sell,
  sensed,
  voidIn,
  withdrawn,
  wuhan,
  xian,
} from "../../test/book-histories.ts";
import { initialBook } from "./book-state.ts";
import { bookFromSnapshot, snapshotOf } from "./snapshot.ts";

/** A book in which every field holds something. */
function fullBook() {
  const book = bookAfter(
    joined(xian),
    joined(wuhan),
    linked(xian, link(wuhan)),
    offered(),
    sensed(12),
    ...queued("train", { extendLimit: 200, group: GroupId.parse("either") }),
    ...queued("fleet", { kind: "div", cards: 3 }),
    held("early", 2 ** 60),
    lost(wuhan),
  );
  sell(book);
  voidIn(book, gateIn(108, "forward"));
  const checkpointAt = inSlot(103);
  seePage(book, [displaced("train", 104, { checkpointAt }), held("train", 20_000, 2)]);
  seePage(book, [cancelled("fleet", 105, 1)]);
  seePage(book, [offered("lent", { reclaimNotice: 5 }), reclaimed("lent", 110, 4), withdrawn("lent")]);
  return book;
}

test("a book comes back from its snapshot as it was", () => {
  const book = fullBook();
  for (const [field, value] of Object.entries(book)) expect(value, field).not.toEqual(initialOf(field));
  const back = bookFromSnapshot(snapshotOf(book));
  expect(back).toEqual(book);
  expect(snapshotOf(back)).toBe(snapshotOf(book));
  expect(bookFromSnapshot(snapshotOf(initialBook()))).toEqual(initialBook());
});

test("a book that came back goes on like the one it was taken of, and by itself", () => {
  const [book, before] = [fullBook(), snapshotOf(fullBook())];
  const back = bookFromSnapshot(before);
  for (const one of [book, back]) {
    seePage(one, queued("next"));
    sell(one, gateIn(108));
  }
  expect(back).toEqual(book);
  expect(instanceOf(back, gateIn(109)).book).toEqual(instanceOf(book, gateIn(109)).book);
  expect(book).not.toEqual(bookFromSnapshot(before));
});

test("what an older version did not write begins empty", () => {
  const book = fullBook();
  const written: Record<string, unknown> = JSON.parse(snapshotOf(book));
  const { earlyHolds, sensedIn, ...older } = written;
  expect([earlyHolds, sensedIn]).not.toContain(undefined);
  const { earlyHolds: none, sensedIn: never } = initialBook();
  expect(bookFromSnapshot(JSON.stringify(older))).toEqual({ ...book, earlyHolds: none, sensedIn: never });
});

function initialOf(field: string): unknown {
  return Object.entries(initialBook()).find(([name]) => name === field)?.[1];
}
