import { describe, expect, test } from "vitest";
import { gateIn, seal, voidIn } from "../../test/book-histories.ts";
import { slotStart } from "../time.ts";
import { initialBook } from "./book-state.ts";
import { gateDue } from "./gates.ts";

const at = (slot: number, seconds = 0) => slotStart(slot) + seconds * 1000;

describe("the gate that is due", () => {
  test("is a spot gate in every slot, which sells the 40 slots after it", () => {
    const book = initialBook();
    expect(gateDue(book, at(101))).toEqual({ session: "spot", gate: 101, from: 102, to: 142 });
    expect(gateDue(book, at(101, 359))).toEqual(gateDue(book, at(101)));
  });

  test("is none after the slot's own has closed, until the next slot begins", () => {
    const book = initialBook();
    seal(book, gateIn(101));
    expect(gateDue(book, at(101, 359))).toBeUndefined();
    expect(gateDue(book, at(102))).toMatchObject({ session: "spot", gate: 102 });
  });

  test("is twelve minutes before the hour the forward one, then the spot one", () => {
    const book = initialBook();
    const forward = { session: "forward", gate: 108, from: 110, to: 110 + 168 * 10 };
    expect(gateDue(book, at(108))).toEqual(forward);
    seal(book, gateIn(108, "forward"));
    expect(gateDue(book, at(108))).toMatchObject({ session: "spot", gate: 108 });
    seal(book, gateIn(108));
    expect(gateDue(book, at(108))).toBeUndefined();
  });

  test("stands for all that were missed", () => {
    const book = initialBook();
    seal(book, gateIn(98, "forward"));
    seal(book, gateIn(98));
    expect(gateDue(book, at(109))).toEqual(gateIn(109));
    expect(gateDue(book, at(118))).toMatchObject({ session: "forward", gate: 118 });
  });

  test("names the auction of its own session that it runs again", () => {
    const book = initialBook();
    voidIn(book, gateIn(98, "forward"));
    expect(gateDue(book, at(98))).toEqual(gateIn(98));
    voidIn(book, gateIn(98));
    expect(gateDue(book, at(99))).toEqual({ ...gateIn(99), reruns: 2 });
    expect(gateDue(book, at(108))).toEqual({ ...gateIn(108, "forward"), reruns: 1 });
  });
});
