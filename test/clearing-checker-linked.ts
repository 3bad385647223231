import type { CheckedInstance, CheckedResult } from "./clearing-checker.ts";
import { lengthOf, type Report } from "./clearing-checker-feasible.ts";

/** Rule 8: of a group at most one bid has anything. */
export function checkGroups(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  const served = new Set([...result.accepted, ...result.div].map(({ b }) => b));
  const taken = new Map<number | string, number>();
  for (const b of served) {
    const group = instance.bids[b]?.group;
    if (group === undefined) continue;
    const other = taken.get(group);
    if (other !== undefined) report("group", `bids ${other} and ${b} of group ${group} are both accepted`);
    taken.set(group, b);
  }
}

/** Rule 9: a child runs only if its parent does, and not before the parent's end. */
export function checkParents(instance: CheckedInstance, result: CheckedResult, report: Report): void {
  const endOf = new Map<number | string, number>();
  for (const { b, p, s } of result.accepted) {
    const bid = instance.bids[b];
    if (bid) endOf.set(bid.id ?? b, s + lengthOf(bid, p));
  }
  for (const { b, s } of [...result.accepted, ...result.div.map(({ b }) => ({ b, s: Infinity }))]) {
    const parent = instance.bids[b]?.parent;
    if (parent === undefined) continue;
    const end = endOf.get(parent);
    if (end === undefined) report("parent", `bid ${b} runs without its parent ${parent}`);
    else if (s < end) report("parent", `bid ${b} starts in slot ${s}, its parent ${parent} ends with ${end}`);
  }
}
