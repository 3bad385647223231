import type { JobId } from "../../events/catalog/values.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { AnsweredJob, JobAnswer } from "../../market/book/why.ts";
import { answersOf, sharedAnswers, viewKeys } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

/** Answers of an auction beyond which they lie in more and smaller shares: a reader takes a whole one for its own line. */
const fewAnswers = 2_000;

/** Keeps what an auction answered to each bid: one item for all jobs whose ids begin alike, for most auctions have many. */
export async function saveAnswers(
  { auctionItems }: Pick<Access, "auctionItems">,
  auction: number,
  answers: readonly AnsweredJob[],
): Promise<void> {
  const keyOf = (job: JobId) =>
    answers.length > fewAnswers ? viewKeys.manyAnswers(job, auction) : viewKeys.answers(job, auction);
  const shares = Map.groupBy(answers, ({ job }) => keyOf(job).pk);
  await forEachInFlight(32, shares.values(), async (share) => {
    const [first] = share;
    if (first === undefined) return;
    const data = Object.fromEntries(share.map(({ job, answer }): [JobId, JobAnswer] => [job, answer]));
    await auctionItems.put({ ...keyOf(first.job), position: auction, data });
  });
}

/** Partitions in which a job's answers lie. */
export function answerPartitions(job: JobId): readonly string[] {
  return [answersOf(job), sharedAnswers(job)];
}
