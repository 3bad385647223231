import * as z from "zod";
import { Period } from "../../events/catalog/values.ts";
import { runScript, type Watch } from "../child-script.ts";

// What the processes of this bench are told and what they answer, one line of JSON each.

export const FeedShape = z.object({
  jobs: z.int().min(0),
  days: z.int().min(1),
  accounts: z.int().min(1),
  centers: z.int().min(2),
  seed: z.int(),
});

const CutOffs = z.array(z.object({ period: Period, position: z.int() }));

export const FeedAnswer = z.object({
  pages: z.int(),
  events: z.int(),
  bytes: z.int(),
  cutOffs: CutOffs,
  /** Discrepancies that are in it on purpose. */
  breaks: z.int(),
  seconds: z.number(),
});
export type FeedAnswer = z.infer<typeof FeedAnswer>;

/** A fold of pages `(after, upTo]`, from the totals that an earlier one left in a file, and into a file. */
export const FoldTask = z.object({
  feed: z.string(),
  after: z.int().min(0),
  upTo: z.int().nullable(),
  from: z.string().nullable(),
  into: z.string(),
});
export type FoldTask = z.infer<typeof FoldTask>;

export const FoldAnswer = z.object({
  events: z.int(),
  entries: z.int(),
  /** Whom statements are for. */
  parties: z.int(),
  /** Last page that it folded. */
  position: z.int(),
  /** Reading the pages' text as events of the catalogue; folding them into the ledger, and into statements. */
  readSeconds: z.number(),
  foldSeconds: z.number(),
  statementSeconds: z.number(),
  /** Peak of the whole process. */
  megabytes: z.number(),
});
export type FoldAnswer = z.infer<typeof FoldAnswer>;

export const MatchTask = z.object({
  feed: z.string(),
  cutOffs: CutOffs,
  folder: z.string(),
  buckets: z.int().min(1),
});
export type MatchTask = z.infer<typeof MatchTask>;

export const MatchAnswer = z.object({
  events: z.int(),
  facts: z.int(),
  matched: z.int(),
  withinTolerance: z.int(),
  breaks: z.int(),
  /** Placements that they are about: an award may be told in two parts, on two days. */
  placements: z.int(),
  /** By code. */
  codes: z.record(z.string(), z.int()),
  /**
   * Reading the pages' text as events; taking the facts out of them; keeping those by bucket on disk and reading them
   * again; matching them.
   */
  readSeconds: z.number(),
  factSeconds: z.number(),
  diskSeconds: z.number(),
  matchSeconds: z.number(),
  megabytes: z.number(),
});
export type MatchAnswer = z.infer<typeof MatchAnswer>;

/** Heap of a process that must stay below 512 MB as a whole. */
const boundedHeap = "--max-old-space-size=320";
/** No process of the bench takes as long. */
const PATIENCE_SECONDS = 3600;

/** Peak memory of this process so far, in MB. */
export function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** Runs a script of this folder on a task, with a bounded heap. @throws Error if it fails */
export async function answerOf<Answer>(
  script: string,
  task: object,
  answer: z.ZodType<Answer>,
  options: Watch["options"] = [boundedHeap],
): Promise<Answer> {
  let said: unknown;
  const take = (message: unknown) => {
    said = message;
  };
  const watch = { seconds: PATIENCE_SECONDS, take, options };
  const { failure } = await runScript(new URL(script, import.meta.url), [JSON.stringify(task)], watch);
  if (failure !== null) throw new Error(failure);
  return answer.parse(said);
}
