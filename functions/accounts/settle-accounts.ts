import type * as z from "zod";
import type { ChargePosted } from "../../events/catalog/job.ts";
import type { AccountId } from "../../events/catalog/values.ts";
import type { FeedPage } from "../../events/store/feed.ts";
import { createFollower } from "../../events/store/follow.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import type { Observer } from "../kit/observe.ts";
import { lastPosition, wakeUp } from "../kit/wake.ts";
import { onAccount } from "./account-stream.ts";

type Charge = z.infer<typeof ChargePosted.data>;

const consumer = "settle-accounts";
/** Pages that may be settled again after a crash, which finds them done. */
const saveAfter = 15;

/** Charges of the feed are paid out of the holds, one commit an account and batch; the checkpoint moves last. */
export const create = wakeUp((access, observer) => {
  const { feed, checkpoints } = access;
  const progress = {
    get: () => checkpoints.get(consumer),
    advance: (position: number) => checkpoints.advance(consumer, position),
  };
  const settleAll = (pages: readonly FeedPage[]) => {
    const byAccount = Map.groupBy(pages.flatMap(chargesOf), ({ account }) => account);
    return forEachInFlight(16, byAccount, ([account, charges]) => settle(access, account, charges, observer));
  };
  const follow = createFollower({ feed, progress, handle: settleAll, saveAfter });
  return (keys) => follow(lastPosition(keys));
});
export const handler = onLambda(create);

function chargesOf({ commits }: FeedPage): Charge[] {
  return commits
    .flatMap(({ events }) => events)
    .flatMap((event) => (event.type === "ChargePosted" ? [event.data] : []))
    .filter(({ tenantPays, releases, final }) => tenantPays !== "0" || releases !== "0" || final);
}

/** Begins in the period that the oldest charge was posted in: what was settled there is found there. */
async function settle(access: Access, account: AccountId, charges: readonly Charge[], observer: Observer) {
  const items = charges.map(({ job, stretch, charge, tenantPays, releases }) => ({
    commandId: `settle/${charge}`,
    command: { type: "Settle", job, stretch, charge, paid: tenantPays, released: releases } as const,
  }));
  const first = charges.map(({ period }) => period).sort()[0];
  const cause = items[0]?.commandId ?? account;
  const done = await onAccount(access, account, items, exchangeCommand(access, cause, cause), first);
  const refused = done?.results.filter(({ kind }) => kind === "rejected") ?? [];
  // Cannot be: every charge is within its hold. If it is, an operator must know.
  if (done === undefined || refused.length > 0) {
    observer.measure("ChargesNotSettled", 1);
    observer.logger.error("charge not settled", { account, refused });
  }
}
