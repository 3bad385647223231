import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { capacityDecider } from "../../market/capacity.ts";
import { cardsOf } from "../../market/center.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { type Claim, withClaimedKey } from "../kit/claimed-key.ts";
import { type Call, endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { ownCenter } from "./center-resource.ts";

/** A report stays one of the slot in which its key was first seen: repeated later, it overtakes no later one. */
export const create = endpoint(operations.reportCapacity, async (call) =>
  withClaimedKey(call.access, call.meta, (claim) => report(call, claim)),
);
export const handler = onLambda(create);

async function report(
  { params: { center }, body, caller, access, meta }: Call<typeof operations.reportCapacity>,
  { since, isDone }: Claim,
) {
  const slot = slotOf(since);
  const answer = { body: { center, slot, pools: body.pools } };

  const spec = await ownCenter(access, center, caller.owner);
  if (isDone) return answer;
  const seen = new Set<string>();
  body.pools.forEach(({ product, working, idle }, index) => {
    const cards = cardsOf(spec, product);
    if (cards === 0)
      throw problem(422, "pool-unknown", "The center has no such pool.", `/pools/${index}/product`);
    if (seen.has(product))
      throw problem(422, "product-twice", "Report each pool once.", `/pools/${index}/product`);
    if (working > cards)
      throw problem(422, "beyond-pool", `The pool has ${cards} cards.`, `/pools/${index}/working`);
    if (idle > working) throw problem(422, "idle-beyond-working", "Idle cards work.", `/pools/${index}/idle`);
    seen.add(product);
  });
  const command = { type: "Sense", center, slot, pools: body.pools } as const;
  const stream = streams.capacity(center, periodOf(slot));
  carriedOut(await execute(access.store, capacityDecider, stream, command, meta));
  return answer;
}
