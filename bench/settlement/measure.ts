import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as z from "zod";
import { PeriodClosed } from "../../events/catalog/period.ts";
import {
  answerOf,
  FeedAnswer,
  type FeedShape,
  FoldAnswer,
  type FoldTask,
  MatchAnswer,
} from "./child-results.ts";

export interface DaysRun {
  readonly shape: z.infer<typeof FeedShape>;
  readonly feed: FeedAnswer;
  /** The whole feed in one go. */
  readonly fold: FoldAnswer;
  /** The same in two processes, the second of which goes on from what the first left. */
  readonly resumed: {
    readonly at: number;
    readonly sameTotals: boolean;
    readonly megabytes: number;
  };
  readonly match: MatchAnswer;
}

/** Folds pages of a feed in a process of its own; gives its answer and the totals that it left, as text. */
export async function foldOf(
  task: FoldTask,
): Promise<{ readonly answer: FoldAnswer; readonly totals: string }> {
  const answer = await answerOf("fold-child.ts", task, FoldAnswer);
  return { answer, totals: readFileSync(task.into, "utf8") };
}

const Totals = PeriodClosed.data.pick({ charges: true, totals: true });

/** Totals as a fold leaves them. */
export function parsedTotals(text: string): z.infer<typeof Totals> {
  return Totals.parse(JSON.parse(text));
}

/** Draws settlement days into a file, folds and matches them. */
export async function measureDays(
  shape: DaysRun["shape"],
  buckets: number,
  folder: string,
  file: string,
): Promise<DaysRun> {
  console.error(`drawing ${shape.jobs} jobs …`);
  // Drawing is not what is measured: its memory is not bounded.
  const feed = await answerOf("feed-child.ts", { file, shape }, FeedAnswer, []);
  const pages = { feed: file, after: 0, upTo: null, from: null };
  console.error(`${feed.events} events on ${feed.pages} pages; folding …`);
  const whole = await foldOf({ ...pages, into: join(folder, "whole.json") });
  const at = Math.floor(feed.pages / 2);
  const half = join(folder, "half.json");
  console.error(`folding up to page ${at}, and on from there …`);
  const first = await foldOf({ ...pages, upTo: at, into: half });
  const rest = await foldOf({ ...pages, after: at, from: half, into: join(folder, "rest.json") });
  console.error("matching …");
  const task = { feed: file, cutOffs: feed.cutOffs, folder: join(folder, "facts"), buckets };
  const match = await answerOf("match-child.ts", task, MatchAnswer);
  return {
    shape,
    feed,
    fold: whole.answer,
    resumed: {
      at: first.answer.position,
      sameTotals: rest.totals === whole.totals && first.totals !== whole.totals,
      megabytes: Math.max(first.answer.megabytes, rest.answer.megabytes),
    },
    match,
  };
}
