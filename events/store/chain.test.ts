import { expect, test } from "vitest";
import { offerCommit } from "../../test/commits.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type FeedHead, genesis, hashBytes, pageBytes, type StoredPage, verifyChain } from "./chain.ts";

function chainOf(length: number): StoredPage[] {
  const pages: StoredPage[] = [];
  let head: FeedHead = genesis;
  for (let n = 1; n <= length; n++) {
    const bytes = pageBytes(head, [canonicalJson(offerCommit("offer-a", n))]);
    head = { position: n, hash: hashBytes(bytes) };
    pages.push({ position: n, bytes });
  }
  return pages;
}

test("a whole chain verifies, at once or part by part", () => {
  const pages = chainOf(5);
  const whole = verifyChain(pages);
  const half = verifyChain(pages.slice(0, 2));
  expect(whole).toEqual({ ok: true, head: { position: 5, hash: hashBytes(pages[4]?.bytes ?? "") } });
  if (!half.ok) throw new Error(half.fault);
  expect(verifyChain(pages.slice(2), half.head)).toEqual(whole);
  expect(verifyChain([])).toEqual({ ok: true, head: genesis });
});

test("a page is canonical JSON", () => {
  for (const { bytes } of chainOf(2)) expect(canonicalJson(JSON.parse(bytes))).toBe(bytes);
});

test.for([
  [
    "a changed event",
    (bytes: string) => bytes.replace('"offer":"a"', '"offer":"b"'),
    3,
    "the hash before differs",
  ],
  [
    "a changed position",
    (bytes: string) => bytes.replace('"position":2', '"position":3'),
    2,
    "the bytes name another position",
  ],
  ["no page at all", () => "{}", 2, "the bytes are no page"],
  ["no JSON", () => "…", 2, "the bytes are no page"],
] as const)("%s is found", ([_, change, position, fault]) => {
  const pages = chainOf(4).map((page) =>
    page.position === 2 ? { ...page, bytes: change(page.bytes) } : page,
  );
  expect(verifyChain(pages)).toEqual({ ok: false, position, fault });
});

test("a missing, repeated or foreign page is found", () => {
  const [one, two, three] = chainOf(3);
  if (one === undefined || two === undefined || three === undefined) throw new Error("a chain of three");
  expect(verifyChain([one, three])).toMatchObject({ ok: false, position: 3, fault: "expected page 2" });
  expect(verifyChain([one, one])).toMatchObject({ ok: false, position: 1, fault: "expected page 2" });
  expect(verifyChain([one, two], { position: 0, hash: "f".repeat(64) })).toMatchObject({
    ok: false,
    position: 1,
  });
});

test("canonical JSON sorts members, leaves out undefined ones and refuses what JSON cannot say", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "算\n" }], a: undefined, A: true })).toBe(
    '{"A":true,"b":[1,{"c":"算\\n","d":null}]}',
  );
  for (const value of [1n, Number.NaN, () => 1, [undefined], new Date(0)])
    expect(() => canonicalJson(value)).toThrow(TypeError);
});
