import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import { millsText } from "../../market/money.ts";
import {
  type HoldLife,
  noHolds,
  pendingOf,
  statusOf,
  withHoldEvents,
} from "../../market/settlement/holds.ts";
import type { AccountHold } from "../contract/accounts.ts";
import { operations } from "../contract/operations.ts";
import { fitting } from "../kit/answer-size.ts";
import { decodeCursor, encodeCursor } from "../kit/cursor.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { visibleAccount } from "./account-resource.ts";

export const create = endpoint(operations.listHolds, async ({ params, query, caller, seesAll, access }) => {
  const { state } = await visibleAccount(access, params.account, caller, seesAll);
  const period = query.period ?? state.period;
  const commits = await access.log.load(streams.account(params.account, period));
  const events = commits.flatMap((commit) => commit.events);
  // Holds come at the end and none goes, so a page goes on behind so many of them.
  const holds = [...withHoldEvents(noHolds, [...carriedInto(events), ...events]).values()];
  const list = `holds#${params.account}#${period}`;
  const after = Number(decodeCursor(list, query.cursor) ?? 0);
  const items = fitting(holds.slice(after).map(holdResource), query.limit);
  const end = after + items.length;
  return {
    body: { period, items, ...(end < holds.length ? { next: encodeCursor(list, String(end)) } : {}) },
  };
});
export const handler = onLambda(create);

/** What the day before handed over, as if it were held on this one. */
function carriedInto(events: readonly DomainEvent[]): DomainEvent[] {
  return events.flatMap((event) => {
    if (event.type !== "AccountOpened") return [];
    const { account, holds } = event.data;
    return holds.map((hold) => ({ type: "FundsHeld", data: { account, ...hold } }) as const);
  });
}

function holdResource(hold: HoldLife): AccountHold {
  return {
    job: hold.job,
    stretch: hold.stretch,
    status: statusOf(hold),
    held: millsText(hold.held),
    posted: millsText(hold.posted),
    released: millsText(hold.released),
    expired: millsText(hold.expired),
    pending: millsText(pendingOf(hold)),
  };
}
