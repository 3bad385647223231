import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { ProblemError } from "./problems.ts";

function refused(list: string, cursor: string): void {
  let thrown: unknown;
  try {
    decodeCursor(list, cursor);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ProblemError);
  expect(thrown).toMatchObject({
    problem: { status: 400, code: "cursor-invalid", errors: [{ pointer: "query/cursor" }] },
  });
}

const after = fc.string({ minLength: 1, maxLength: 40, unit: "binary" });
const list = fc.string({ maxLength: 20 });

describe("a cursor", () => {
  test("gives back the place that it was made of, and without one a list begins", () => {
    fc.assert(
      fc.property(list, after, (of, place) => {
        expect(decodeCursor(of, encodeCursor(of, place))).toBe(place);
      }),
    );
    expect(decodeCursor("offers#alpha", undefined)).toBeUndefined();
  });

  test("of another list is refused", () => {
    fc.assert(
      fc.property(list, list, after, (of, other, place) => {
        fc.pre(of !== other);
        refused(other, encodeCursor(of, place));
      }),
    );
  });

  test("changed in any character, cut or lengthened is refused", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ .";
    const change = fc.record({
      at: fc.nat(),
      to: fc.constantFrom(...alphabet),
      how: fc.constantFrom("set", "cut", "insert"),
    });
    fc.assert(
      fc.property(after, change, (place, { at, to, how }) => {
        const cursor = encodeCursor("offers#alpha", place);
        const index = at % cursor.length;
        const rest = cursor.slice(how === "insert" ? index : index + 1);
        const tampered = how === "cut" ? cursor.slice(0, index) : `${cursor.slice(0, index)}${to}${rest}`;
        fc.pre(tampered !== cursor);
        refused("offers#alpha", tampered);
      }),
      { numRuns: 2000 },
    );
  });

  test("that is any other text is refused", () => {
    fc.assert(fc.property(fc.string(), (text) => refused("offers#alpha", text)));
  });
});
