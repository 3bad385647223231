import { operations } from "../contract/operations.ts";
import { fitting } from "../kit/answer-size.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";

export const create = endpoint(operations.readFeed, async ({ query, access }) => {
  const [head, pages] = await Promise.all([
    access.feed.head(),
    access.feed.readAfter(query.after, query.limit),
  ]);
  const shown = pages.map(({ position, hash, previousHash, bytes }) => ({
    position,
    hash,
    previousHash,
    text: bytes,
  }));
  return {
    body: { pages: fitting(shown, query.limit), head: Math.max(head.position, pages.at(-1)?.position ?? 0) },
  };
});
export const handler = onLambda(create);
