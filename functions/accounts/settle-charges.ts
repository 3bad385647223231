import type { DomainEvent } from "../../events/catalog/catalog.ts";
import type { AccountId, MillsText, Period } from "../../events/catalog/values.ts";
import type { BatchItem } from "../../events/store/execute.ts";
import type { FeedPage } from "../../events/store/feed.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import type { AccountCommand } from "../../market/account.ts";
import { mills, millsText } from "../../market/money.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import type { Observer } from "../kit/observe.ts";
import { onAccount } from "./account-stream.ts";

/** What a fact of the feed asks of an account, and the period in which it was posted. */
interface Due extends BatchItem<AccountCommand> {
  readonly account: AccountId;
  readonly period: Period;
}

/** Name of the checkpoint up to which all that the feed asks of accounts is done. */
export const settled = "settle-accounts";

/**
 * Pays the charges of some pages out of the holds, and adjusts what no hold was taken for: corrections, and what
 * invoices leave to whole fen. One commit an account; what was done before is found to be.
 * @returns the streams that hold the entries
 */
export async function settleCharges(
  access: Access,
  pages: readonly FeedPage[],
  observer: Observer,
): Promise<ReadonlySet<string>> {
  const due = pages.flatMap(({ commits }) => commits.flatMap(({ events }) => events.flatMap(dueOf)));
  const byAccount = Map.groupBy(due, ({ account }) => account);
  const streams = new Set<string>();
  await forEachInFlight(16, byAccount, async ([account, items]) => {
    const stream = await settle(access, account, items, observer);
    if (stream !== undefined) streams.add(stream);
  });
  return streams;
}

function dueOf(event: DomainEvent): Due[] {
  switch (event.type) {
    case "ChargePosted": {
      const { account, period, job, stretch, charge, tenantPays, releases, final } = event.data;
      if (tenantPays === "0" && releases === "0" && !final) return [];
      const command = { type: "Settle", job, stretch, charge, paid: tenantPays, released: releases } as const;
      return [{ account, period, commandId: `settle/${charge}`, command }];
    }
    case "CorrectionPosted": {
      const { account, period, correction, tenantPays } = event.data;
      return adjustment(account, period, "correction", correction, millsText(-mills(tenantPays)));
    }
    case "InvoiceIssued": {
      const { account, period, invoice, rounding } = event.data;
      return adjustment(account, period, "rounding", invoice, rounding);
    }
    default:
      return [];
  }
}

function adjustment(
  account: AccountId,
  period: Period,
  cause: "rounding" | "correction",
  id: string,
  amount: MillsText,
): Due[] {
  if (amount === "0") return [];
  const command = { type: "Adjust", adjustment: id, cause, mills: amount } as const;
  return [{ account, period, commandId: `adjust/${cause}/${id}`, command }];
}

/** Begins in the period that the oldest of them was posted in: what was done there is found there. */
async function settle(access: Access, account: AccountId, due: readonly Due[], observer: Observer) {
  const items = due.map(({ commandId, command }) => ({ commandId, command }));
  const first = due.map(({ period }) => period).sort()[0];
  const cause = items[0]?.commandId ?? account;
  const done = await onAccount(access, account, items, exchangeCommand(access, cause, cause), first);
  const refused = done?.results.filter(({ kind }) => kind === "rejected") ?? [];
  // Cannot be: every charge is within its hold. If it is, an operator must know.
  if (done === undefined || refused.length > 0) {
    observer.measure("ChargesNotSettled", 1);
    observer.logger.error("charge not settled", { account, refused });
  }
  return done?.stream;
}
