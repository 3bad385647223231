import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

// docs/errors.md lists what the API may refuse; here it is held against the code that refuses.

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

/** Refusals that never leave the exchange: it commands so itself, or another answer hides them (404). */
const internal = new Set([
  "409 account-unknown",
  "account-carried",
  "account-exists",
  "award-in-force",
  "beyond-hold",
  "carried-back",
  "center-unknown",
  "draw-not-positive",
  "fund-too-low",
  "totals-missing",
  "funds-missing",
  "holds-full",
  "gate-open",
  "guarantee-too-low",
  "hold-mismatch",
  "job-not-admitted",
  "job-unknown",
  "not-adjacent",
  "not-reclaimable",
  "not-cut-off",
  "not-solved",
  "not-your-placement",
  "offer-unknown",
  "page-out-of-order",
  "pages-missing",
  "payout-unknown",
  "period-before-itself",
  "period-unknown",
  "placement-unknown",
  "unbalanced",
  "usage-of-another",
]);

const statuses = { problem: undefined, reject: "422", conflict: "409" } as const;

function refusalsIn(path: string): string[] {
  const calls = read(path).matchAll(/\b(problem|reject|conflict)\(\s*(?:(\d{3}),\s*)?"([a-z0-9-]+)"/g);
  return [...calls].flatMap(([, kind, status, code = ""]) => {
    const by = kind === "reject" || kind === "conflict" ? statuses[kind] : status;
    return internal.has(code) || internal.has(`${by} ${code}`) ? [] : [`${by} ${code}`];
  });
}

test("every refusal of the code is in docs/errors.md with its status, and nothing else is", () => {
  const files = globSync(["functions/**/*.ts", "market/**/*.ts"], { cwd: root }).filter(
    (path) => !path.endsWith(".test.ts"),
  );
  const found = new Set([...files.flatMap(refusalsIn), "400 invalid-request"]);
  const rows = [...read("docs/errors.md").matchAll(/^\| (\d{3}) +\| `([a-z0-9-]+)` +\|/gm)];
  const listed = rows.map(([, status, code]) => `${status} ${code}`);
  expect(listed.toSorted()).toEqual([...found].sort());
  expect(new Set(listed).size).toBe(listed.length);
});
