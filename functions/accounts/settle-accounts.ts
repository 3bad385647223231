import type { FeedPage } from "../../events/store/feed.ts";
import { createFollower } from "../../events/store/follow.ts";
import { onLambda } from "../kit/lambda.ts";
import { lastPosition, wakeUp } from "../kit/wake.ts";
import { settleCharges, settled } from "./settle-charges.ts";

/** Pages that may be settled again after a crash, which finds them done. */
const saveAfter = 15;

/** What the feed asks of accounts is done, one commit an account and batch; the checkpoint moves last. */
export const create = wakeUp((access, observer) => {
  const { feed, checkpoints } = access;
  const progress = {
    get: () => checkpoints.get(settled),
    advance: (position: number) => checkpoints.advance(settled, position),
  };
  const handle = (pages: readonly FeedPage[]) => settleCharges(access, pages, observer);
  const follow = createFollower({ feed, progress, handle, saveAfter });
  return (keys) => follow(lastPosition(keys));
});
export const handler = onLambda(create);
