import type { CenterId } from "../../events/catalog/values.ts";
import { AssignmentView } from "../../market/views/jobs.ts";
import { assignmentsOf, sortable } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { ownCenter } from "./center-resource.ts";

/** More changes than one page of the feed can hold of a center. */
const mostOfOnePosition = 5_000;

export const create = endpoint(operations.listAssignments, async ({ params, query, caller, access }) => {
  await ownCenter(access, params.center, caller.owner);
  const asOf = await access.views.asOf();
  // Pages after `asOf` may be in the views in part: what is shown of them now would be missed or come twice.
  const found = (await changesAfter(access, params.center, query.after, query.limit + 1)).filter(
    ({ position }) => position <= asOf,
  );
  const cut = found[query.limit]?.position;
  if (cut === undefined)
    return { body: { changes: found, position: Math.max(query.after, asOf), more: false } };
  const whole = found.filter(({ position }) => position < cut);
  // All of the page is one position: it may be longer than the limit, but never cut.
  const changes =
    whole.length > 0
      ? whole
      : (await changesAfter(access, params.center, query.after, mostOfOnePosition)).filter(
          (one) => one.position === cut,
        );
  return { body: { changes, position: changes.at(-1)?.position ?? query.after, more: true } };
});
export const handler = onLambda(create);

async function changesAfter({ views }: Access, center: CenterId, position: number, limit: number) {
  // "$" follows "#", which stands behind the position of every key.
  const range = { pk: assignmentsOf(center), after: `${sortable(position)}$`, limit };
  return (await views.list(range, AssignmentView)).map(({ data: { run: _, ...change } }) => change);
}
