import { expect, test } from "vitest";
import { spreadOf } from "./spread.ts";

test("a spread: the middle, the tail and the end", () => {
  const all = Array.from({ length: 200 }, (_, n) => 200 - n);
  expect(spreadOf(all)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 });
});
