import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MatchFact } from "../../market/settlement/match-facts.ts";

// Facts of the match by bucket of their keys, in files: what ranges of a feed leave for those who put buckets together.

/** Characters that wait in memory, over all buckets. */
const WAITING_MOST = 16_000_000;

export interface FactFiles {
  add(facts: readonly MatchFact[]): void;
  /** Writes what still waits. */
  flush(): void;
}

const fileOf = (folder: string, bucket: number) => join(folder, `${bucket}.ndjson`);

export function createFactFiles(folder: string, buckets: number): FactFiles {
  mkdirSync(folder, { recursive: true });
  const waiting: string[][] = Array.from({ length: buckets }, () => []);
  let letters = 0;
  const flush = () => {
    for (const [bucket, lines] of waiting.entries()) {
      if (lines.length > 0) appendFileSync(fileOf(folder, bucket), `${lines.join("\n")}\n`);
      waiting[bucket] = [];
    }
    letters = 0;
  };
  return {
    add(facts) {
      for (const fact of facts) {
        const line = JSON.stringify(fact);
        waiting[bucketOf(fact.key, buckets)]?.push(line);
        letters += line.length;
      }
      if (letters > WAITING_MOST) flush();
    },
    flush,
  };
}

/** The facts of a bucket; none if nothing was left in it. */
export function readFacts(folder: string, bucket: number): MatchFact[] {
  const file = fileOf(folder, bucket);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // Written by this process as what they are.
  return lines.flatMap((line): MatchFact[] => (line === "" ? [] : [JSON.parse(line)]));
}

/** FNV-1a, 32 bits. */
function bucketOf(key: string, buckets: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % buckets;
}
