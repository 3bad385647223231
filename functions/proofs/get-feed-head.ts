import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { publishedLog } from "./published-log.ts";

export const create = endpoint(operations.getFeedHead, async ({ query, role, access }) => {
  const { head, consistency } = await publishedLog(access, role);
  const { from } = query;
  if (from === undefined) return { body: { head } };
  if (from > head.size)
    throw problem(
      422,
      "head-too-short",
      `The published log has ${head.size} commits, fewer than ${from}: ask with the size of a head that it published.`,
      "query/from",
    );
  return { body: { head, consistency: await consistency(from) } };
});
export const handler = onLambda(create);
