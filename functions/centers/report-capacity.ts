import { streams } from "../../events/catalog/streams.ts";
import { execute } from "../../events/store/execute.ts";
import { capacityDecider } from "../../market/capacity.ts";
import { cardsOf } from "../../market/center.ts";
import { periodOf, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { carriedOut } from "../kit/carried-out.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { problem } from "../kit/problems.ts";
import { ownCenter } from "./center-resource.ts";

export const create = endpoint(
  operations.reportCapacity,
  async ({ params, body, caller, access, meta, now }) => {
    const { center } = params;
    const spec = await ownCenter(access, center, caller.owner);
    body.pools.forEach(({ product, working, idle }, index) => {
      const cards = cardsOf(spec, product);
      if (cards === 0)
        throw problem(422, "pool-unknown", "The center has no such pool.", `/pools/${index}/product`);
      if (working > cards)
        throw problem(422, "beyond-pool", `The pool has ${cards} cards.`, `/pools/${index}/working`);
      if (idle > working)
        throw problem(422, "idle-beyond-working", "Idle cards work.", `/pools/${index}/idle`);
    });
    const slot = slotOf(now);
    const command = { type: "Sense", center, slot, pools: body.pools } as const;
    const stream = streams.capacity(center, periodOf(slot));
    carriedOut(await execute(access.store, capacityDecider, stream, command, meta));
    return { body: { center, slot, pools: body.pools } };
  },
);
export const handler = onLambda(create);
