import { createHash } from "node:crypto";
import { z } from "zod";
import type { RawPage } from "./feed.ts";
import { type AuditCheck, verdict } from "./verdict.ts";

/** The head of the log as the exchange publishes it. */
export interface PublishedHead {
  readonly size: number;
  readonly root: string;
  readonly position: number;
}

const Commits = z.object({ commits: z.array(z.unknown()) });

/** The published head is that of the Merkle tree over all commits of all pages, worked out from its definition (RFC 6962, 2.1). */
export function headIsOfLog(pages: readonly RawPage[], head: PublishedHead): AuditCheck {
  const leaves = pages.flatMap(({ text }) => Commits.parse(JSON.parse(text)).commits.map(leaf));
  const faults: string[] = [];
  if (head.position !== pages.length)
    faults.push(`the head is of page ${head.position}, the last page is ${pages.length}`);
  if (head.size !== leaves.length) faults.push(`the head has ${head.size} commits, the log ${leaves.length}`);
  const root = rootOf(leaves).toString("hex");
  if (head.root !== root) faults.push(`the head's root is ${head.root}, that of the log ${root}`);
  return verdict(
    "published head = Merkle root of the log",
    faults,
    `${head.size} commits, ${root.slice(0, 16)}…`,
  );
}

/** Members in order, without blanks: what was hashed is written so. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

function leaf(commit: unknown): Buffer {
  return createHash("sha256")
    .update(`\0${canonical(commit)}`)
    .digest();
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return createHash("sha256").digest();
  if (leaves.length === 1) return first;
  const left = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return createHash("sha256")
    .update(Buffer.of(1))
    .update(rootOf(leaves.slice(0, left)))
    .update(rootOf(leaves.slice(left)))
    .digest();
}
