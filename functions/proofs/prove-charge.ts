import { streams } from "../../events/catalog/streams.ts";
import { commitTexts } from "../../events/store/page-commits.ts";
import { treeAt } from "../../events/store/tree-at.ts";
import { ChargeView } from "../../market/views/jobs.ts";
import { viewKeys } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { visibleJob } from "../jobs/job-resource.ts";
import type { Caller } from "../kit/caller.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { notFound, ProblemError, problem } from "../kit/problems.ts";
import { publishedLog } from "./published-log.ts";

export const create = endpoint(operations.proveCharge, async ({ params, caller, seesAll, role, access }) => {
  const { charge } = params;
  const posted = await visibleCharge(access, charge, caller, seesAll);
  const log = await publishedLog(access, role).catch(noHeadYet);
  if (log === undefined || log.head.position < posted.position)
    throw problem(
      409,
      "charge-not-published",
      "No published head holds the charge yet: ask again when GET /feed/head answers a newer one, after the daily close.",
    );
  const { leaf, commit } = await leafOf(access, posted);
  return { body: { charge, head: log.head, leaf, path: await log.inclusion(leaf), commit } };
});
export const handler = onLambda(create);

/** @throws ProblemError 404, the same for what is absent and for what is another's. */
async function visibleCharge(access: Access, charge: string, caller: Caller, seesAll: boolean) {
  const posted = await access.views.get(viewKeys.charge(charge), ChargeView);
  if (posted === undefined) throw notFound("charge", charge);
  await visibleJob(access, posted.data.job, caller, seesAll).catch((error: unknown) => {
    throw error instanceof ProblemError && error.problem.status === 404 ? notFound("charge", charge) : error;
  });
  return posted.data;
}

function noHeadYet(error: unknown): undefined {
  if (!(error instanceof ProblemError)) throw error;
}

/** The commit that posted the charge, as it stands in its page, and its number among all. */
async function leafOf(access: Pick<Access, "feed" | "tree">, { job, position, version }: ChargeView) {
  const [page, { head }] = await Promise.all([access.feed.read(position), treeAt(access, position - 1)]);
  if (page === undefined) throw new Error(`the feed has no page ${position}`);
  const stream = streams.job(job);
  const index = page.commits.findIndex(
    (one) => one.stream === stream && one.version <= version && version < one.version + one.events.length,
  );
  const commit = commitTexts(head, page)[index];
  if (commit === undefined) throw new Error(`page ${position} has no ${stream}@${version}`);
  return { leaf: head.size + index, commit };
}
