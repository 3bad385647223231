import type { JobId } from "../../events/catalog/values.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { JobAnswer } from "../../market/book/why.ts";
import { viewKeys } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

/** Keeps what an auction answered to each bid: one item for all jobs whose ids begin alike, for most auctions have many. */
export async function saveAnswers(
  { views }: Pick<Access, "views">,
  auction: number,
  answers: readonly { readonly job: JobId; readonly answer: JobAnswer }[],
): Promise<void> {
  const shares = Map.groupBy(answers, ({ job }) => viewKeys.answers(job, auction).pk);
  await forEachInFlight(16, shares.values(), async (share) => {
    const [first] = share;
    if (first === undefined) return;
    const data = Object.fromEntries(share.map(({ job, answer }) => [job, answer]));
    await views.put({ ...viewKeys.answers(first.job, auction), position: auction, data });
  });
}
