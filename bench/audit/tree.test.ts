import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { genesis, hashBytes, pageBytes } from "../../events/store/chain.ts";
import { hashLeaf } from "../../events/store/merkle-tree.ts";
import { createTreeEdge } from "../../events/store/tree-edge.ts";
import type { RawPage } from "./feed.ts";
import { headIsOfLog, type PublishedHead } from "./tree.ts";

/** Pages of commits, and their head as the exchange works it out. */
function logOf(plan: readonly (readonly fc.JsonValue[])[]): { pages: RawPage[]; head: PublishedHead } {
  const edge = createTreeEdge();
  let last = genesis;
  const pages = plan.map((facts) => {
    const commits = facts.map((data) =>
      canonicalJson({ stream: "job-1", data: { "10": data, "9": 1, z: 0, é: "\n" } }),
    );
    for (const commit of commits) edge.append(hashLeaf(commit));
    const text = pageBytes(last, commits);
    last = { position: last.position + 1, hash: hashBytes(text) };
    return { position: last.position, text };
  });
  return { pages, head: { size: edge.size, root: edge.root().toString("hex"), position: last.position } };
}
const plans = fc.array(fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 5 }), {
  maxLength: 5,
});

test("the head of any log is confirmed, and no other", () => {
  fc.assert(
    fc.property(plans, fc.nat(), (plan, at) => {
      const { pages, head } = logOf(plan);
      expect(headIsOfLog(pages, head)).toMatchObject({ ok: true });
      const root = `${head.root.startsWith("0") ? "1" : "0"}${head.root.slice(1)}`;
      for (const wrong of [{ size: head.size + 1 }, { root }, { position: head.position + 1 }])
        expect(headIsOfLog(pages, { ...head, ...wrong })).toMatchObject({ ok: false });
      fc.pre(plan.length > 0);
      const other = logOf(
        plan.with(at % plan.length, [["another"], ...(plan[at % plan.length] ?? []).slice(1)]),
      );
      expect(headIsOfLog(other.pages, head)).toMatchObject({
        ok: false,
        detail: expect.stringContaining("root"),
      });
    }),
    { numRuns: 100 },
  );
});
