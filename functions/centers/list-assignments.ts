import { AssignmentView } from "../../market/views/jobs.ts";
import { assignmentsOf, sortable } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import { fitting } from "../kit/answer-size.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { ownCenter } from "./center-resource.ts";

export const create = endpoint(operations.listAssignments, async ({ params, query, caller, access }) => {
  const { after, limit } = query;
  await ownCenter(access, params.center, caller.owner);
  const range = { pk: assignmentsOf(params.center), after: sortable(after), limit: limit + 1 };
  const found = (await access.views.list(range, AssignmentView)).map(
    ({ data: { run: _, ...change } }) => change,
  );
  // A page of the feed may be in the list in part: what lies behind a gap is told when the gap is filled.
  const known = found.filter(({ position }, index) => position === after + 1 + index);
  const changes = fitting(known, limit);
  return { body: { changes, position: after + changes.length, more: known.length > changes.length } };
});
export const handler = onLambda(create);
