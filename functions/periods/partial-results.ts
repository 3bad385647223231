import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { PeriodClosed } from "../../events/catalog/period.ts";
import type { Period } from "../../events/catalog/values.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import type { Item } from "../../events/store/dynamo.ts";
import type { MatchFact } from "../../market/settlement/match-facts.ts";
import { StatementFact } from "../../market/settlement/statements.ts";
import { sortable } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

// What the steps of a close leave for the next ones. It follows from the feed up to the cut-off: a step that is repeated
// writes the same again, and all of it may be lost as long as it is made anew from the first step on.

type Operations = Pick<Access, "database" | "operationsTable" | "clock">;

const daySeconds = 86_400;
/** Letters of one item, below DynamoDB's 400 KB. */
const itemLetters = 300_000;

const Totals = PeriodClosed.data.pick({ charges: true, totals: true });

/** Facts of the match are plain JSON of this version's own making: how they are built is its own business. */
const Fact = z.custom<MatchFact>(
  (value) => typeof value === "object" && value !== null && "key" in value && "place" in value,
);

/** What a range of pages comes to in one bucket. */
export const Partial = z.object({
  ledger: Totals,
  statements: z.array(StatementFact),
  matches: z.array(Fact),
});
export type Partial = z.infer<typeof Partial>;

const Amounts = PeriodClosed.data.shape.invoices.unwrap();
export type Amounts = z.infer<typeof Amounts>;

/** What a bucket comes to over all ranges. */
export const BucketResult = z.object({
  ledger: Totals,
  invoices: Amounts,
  match: PeriodClosed.data.shape.match.unwrap(),
  /** Facts of the bucket's centers, whose payouts are stated one after another. */
  centers: z.array(StatementFact),
});
export type BucketResult = z.infer<typeof BucketResult>;

export const PayoutsResult = Amounts;

/** What the match of a day leaves to the next: holds that are open, awards whose usage may still come. */
export const Carried = z.array(Fact);

/** Where a result lies: all that one reader wants in one partition, in order. */
interface Place {
  readonly pk: string;
  readonly part: number;
}

export const places = {
  partial: (period: Period, bucket: number, range: number): Place => ({
    pk: `close#${period}/${bucket}`,
    part: range,
  }),
  bucket: (period: Period, bucket: number): Place => ({ pk: `close#${period}/buckets`, part: bucket }),
  /** By the buckets of the day that carries. */
  carried: (period: Period, bucket: number): Place => ({ pk: `carried#${period}`, part: bucket }),
  payouts: (period: Period): Place => ({ pk: `close#${period}/payouts`, part: 0 }),
};

/** Writes a result, in as many items as it takes; each says how many they are. */
export async function saveResult(
  operations: Operations,
  { pk, part }: Place,
  result: unknown,
  keptDays = 30,
): Promise<void> {
  const { database, operationsTable, clock } = operations;
  const text = gzipSync(canonicalJson(result)).toString("base64");
  const chunks = Math.ceil(text.length / itemLetters);
  const expiresAt = Math.floor(clock.now() / 1000) + keptDays * daySeconds;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const body = text.slice(chunk * itemLetters, (chunk + 1) * itemLetters);
    const sk = `${sortable(part)}#${sortable(chunk)}`;
    await database.put(operationsTable, { pk, sk, part, chunks, body, expiresAt });
  }
}

/**
 * The results of parts 0 to `parts` - 1 of a partition, in order.
 * @throws Error if one of them is not there in full: the step before has to be repeated.
 */
export async function readResults<Result>(
  { database, operationsTable }: Operations,
  pk: string,
  parts: number,
  schema: z.ZodType<Result>,
): Promise<Result[]> {
  const items = Map.groupBy(await database.query(operationsTable, { pk }), ({ part }) => Number(part));
  return Array.from({ length: parts }, (_, part) => {
    const own = items.get(part) ?? [];
    if (own.length === 0 || own.length !== Number(own[0]?.chunks))
      throw new Error(`part ${part} of ${pk} is not there in full`);
    return schema.parse(JSON.parse(textOf(own)));
  });
}

function textOf(items: readonly Item[]): string {
  const base64 = items.map(({ body }) => String(body)).join("");
  return gunzipSync(Buffer.from(base64, "base64")).toString("utf8");
}
