import { JobEntry, JobView } from "../../market/views/jobs.ts";
import { jobsOf, viewKeys } from "../../market/views/view.ts";
import type { JobSummary } from "../contract/jobs.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { listing } from "../kit/listing.ts";

export const create = endpoint(operations.listJobs, async ({ query, caller, access }) => {
  const list = { pk: jobsOf(caller.owner), descending: true };
  const { items, ...page } = await listing(access, list, query, JobEntry);
  const jobs = await access.views.getMany(
    items.map(({ data }) => viewKeys.job(data.job)),
    JobView,
  );
  return { body: { items: jobs.map(({ data }) => summaryOf(data)), ...page } };
});
export const handler = onLambda(create);

function summaryOf({ owner: _, run: __, placements, reason, ...view }: JobView): JobSummary {
  const last = placements.at(-1);
  const where = last === undefined ? {} : { placement: last.lease, from: last.from, to: last.to };
  return { ...view, ...(reason === undefined ? {} : { reason }), centers: last?.centers ?? [], ...where };
}
