import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { catalog, definitionOf } from "./catalog/catalog.ts";
import { StoredEvent } from "./catalog/envelope.ts";
import { parseStored, UnreadableEvent, type Upcasts, upcast, upcasts } from "./upcasts.ts";

// A golden file is an event as some version of the exchange stored it. It is written once and never edited: what
// is in it lies in logs for ever. A new version of an event adds a file beside the old one.

const folder = new URL("golden/", import.meta.url);
const Golden = z.object({ stream: z.string(), event: StoredEvent });
const goldens = readdirSync(folder).map((file) => ({
  file,
  ...Golden.parse(JSON.parse(readFileSync(new URL(file, folder), "utf8"))),
}));

test.for(goldens)("$file still loads", ({ file, stream, event }) => {
  expect(file).toBe(`${event.type}.v${event.v}.golden.json`);
  const loaded = parseStored(stream, event);
  expect(loaded).toMatchObject({ type: event.type, v: definitionOf(event.type)?.version });
  // Without an upcast in between, nothing that was stored may get lost on the way in.
  if (event.v === loaded.v) expect(loaded.data).toMatchObject(z.looseObject({}).parse(event.data));
});

test("every event of the catalog has a golden file of each of its versions, and there are no others", () => {
  const expected = Object.values(catalog)
    .flat()
    .flatMap(({ type, version }) =>
      Array.from({ length: version }, (_, before) => `${type}.v${before + 1}.golden.json`),
    );
  expect(goldens.map(({ file }) => file).sort()).toEqual(expected.sort());
});

test("every upcast leads from a version that was stored to one of the catalog", () => {
  for (const key of Object.keys(upcasts)) {
    const [type = "", from] = key.split("@");
    expect(Number(from), key).toBeLessThan(definitionOf(type)?.version ?? 0);
  }
});

const Price = z.object({ price: z.number() });
const Amount = z.object({ amount: z.number() });
/** For the tests of the mechanism only: v1 {price} → v2 {amount} → v3 {amount, currency}. */
const steps: Upcasts = {
  "Tested@1": (data) => ({ amount: Price.parse(data).price }),
  "Tested@2": (data) => ({ ...Amount.parse(data), currency: "CNY" }),
};

test.for([
  [1, { price: 5 }],
  [2, { amount: 5 }],
  [3, { amount: 5, currency: "CNY" }],
] as const)("data of version %i is brought up one version after the other", ([v, data]) => {
  expect(upcast({ type: "Tested", v, data }, 3, steps)).toEqual({ amount: 5, currency: "CNY" });
});

test("a missing step and a version of the future are errors", () => {
  expect(() => upcast({ type: "Tested", v: 1, data: {} }, 2, {})).toThrow(UnreadableEvent);
  expect(() => upcast({ type: "Tested", v: 4, data: {} }, 3, steps)).toThrow(UnreadableEvent);
  expect(() => upcast({ type: "Tested", v: 1, data: { amount: 5 } }, 3, steps)).toThrow(z.ZodError);
});
