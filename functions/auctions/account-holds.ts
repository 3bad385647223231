import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { AccountCommand } from "../../market/account.ts";
import type { StretchHold } from "../../market/book/holds.ts";
import { onAccount } from "../accounts/account-stream.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

/** Holds what running and displaced jobs bid with at a gate, one commit an account, and brings it into the feed. */
export async function takeHolds(access: Access, holds: readonly StretchHold[], gate: number): Promise<void> {
  const touched = await onAccounts(access, holds, (hold) => ({
    // A hold that was refused may be asked for again at a later gate.
    commandId: `hold/${hold.job}/${hold.stretch}/${gate}`,
    command: { type: "Hold", job: hold.job, stretch: hold.stretch, mills: hold.mills },
  }));
  await access.relay.drain(touched);
}

/** Lets go of holds that expired: no auction can use them any more. */
export async function releaseHolds(
  access: Access,
  holds: readonly StretchHold[],
  auction: number,
): Promise<void> {
  await onAccounts(access, holds, (hold) => ({
    commandId: `release/${hold.job}/${hold.stretch}/${auction}`,
    command: { type: "Release", job: hold.job, stretch: hold.stretch, cause: "expired" },
  }));
}

interface Item {
  readonly commandId: string;
  readonly command: AccountCommand;
}

async function onAccounts(
  access: Access,
  holds: readonly StretchHold[],
  itemOf: (hold: StretchHold) => Item,
): Promise<string[]> {
  const touched: string[] = [];
  await forEachInFlight(
    32,
    Map.groupBy(holds, (hold) => hold.account),
    async ([account, own]) => {
      const items = own.map(itemOf);
      const cause = items[0]?.commandId ?? account;
      const done = await onAccount(access, account, items, exchangeCommand(access, cause, cause));
      if (done !== undefined) touched.push(done.stream);
    },
  );
  return touched;
}
