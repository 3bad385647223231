import type * as z from "zod";
import { JobEntry, JobView } from "../../market/views/jobs.ts";
import { jobsOf, viewKeys } from "../../market/views/view.ts";
import type { JobSummary } from "../contract/jobs.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listingOf } from "../kit/listing.ts";

export const create = endpoint(operations.listJobs, async ({ query, caller, access }) => {
  const list = { pk: jobsOf(caller.owner), descending: true };
  const keyOf = ({ job }: z.infer<typeof JobEntry>) => viewKeys.job(job);
  const { items, ...page } = await listingOf(access, list, query, JobEntry, keyOf, JobView);
  return { body: { items: items.map(summaryOf), ...page } };
});
export const handler = onLambda(create);

function summaryOf({ owner: _, run: __, placements, reason, ...view }: JobView): JobSummary {
  const last = placements.at(-1);
  const where = last === undefined ? {} : { placement: last.lease, from: last.from, to: last.to };
  return { ...view, ...(reason === undefined ? {} : { reason }), centers: last?.centers ?? [], ...where };
}
