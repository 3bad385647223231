import type { AccountEvent } from "../../events/catalog/account.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import type { AccountId, MillsText, Period } from "../../events/catalog/values.ts";
import { mills, millsText } from "../../market/money.ts";
import type { AccountEntry } from "../contract/accounts.ts";
import { operations } from "../contract/operations.ts";
import { fitting } from "../kit/answer-size.ts";
import { decodeCursor, encodeCursor } from "../kit/cursor.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { visibleAccount } from "./account-resource.ts";

export const create = endpoint(operations.listEntries, async ({ params, query, caller, seesAll, access }) => {
  const { state } = await visibleAccount(access, params.account, caller, seesAll);
  const period = query.period ?? state.period;
  const list = `entries#${params.account}#${period}`;
  const after = Number(decodeCursor(list, query.cursor) ?? 0);
  const entries = (await entriesIn(access, params.account, period)).filter(({ version }) => version > after);
  const items = fitting(entries, query.limit);
  const last = items.at(-1);
  const more = entries.length > items.length && last !== undefined;
  return { body: { period, items, ...(more ? { next: encodeCursor(list, String(last.version)) } : {}) } };
});
export const handler = onLambda(create);

async function entriesIn({ log }: Access, account: AccountId, period: Period): Promise<AccountEntry[]> {
  const commits = await log.load(streams.account(account, period));
  return commits.flatMap(({ version, time, events }) =>
    events.flatMap((event, index) => entryOf(event, { period, version: version + index, time })),
  );
}

type Place = Pick<AccountEntry, "period" | "version" | "time">;

const negative = (amount: MillsText) => millsText(-mills(amount));
const none = millsText(0n);

function entryOf(event: DomainEvent, place: Place): AccountEntry[] {
  switch (event.type) {
    case "AccountOpened":
      return [{ ...place, kind: "opened", available: event.data.available, held: heldIn(event.data) }];
    case "FundsDeposited":
      return [
        { ...place, kind: "deposited", available: event.data.mills, held: none, deposit: event.data.deposit },
      ];
    case "FundsHeld": {
      const { job, stretch, mills: held } = event.data;
      return [{ ...place, kind: "held", available: negative(held), held, job, stretch }];
    }
    case "HoldRefused": {
      const { job, stretch } = event.data;
      return [{ ...place, kind: "holdRefused", available: none, held: none, job, stretch }];
    }
    case "HoldSettled": {
      const { job, stretch, charge, paid, released } = event.data;
      const held = millsText(-mills(paid) - mills(released));
      return [{ ...place, kind: "settled", available: released, held, job, stretch, charge }];
    }
    case "HoldReleased": {
      const { job, stretch, mills: released } = event.data;
      return [{ ...place, kind: "released", available: released, held: negative(released), job, stretch }];
    }
    case "FundsAdjusted": {
      const { adjustment, mills: available } = event.data;
      return [{ ...place, kind: "adjusted", available, held: none, adjustment }];
    }
    case "TaxRateSet":
      return [{ ...place, kind: "taxRateSet", available: none, held: none, taxRate: event.data.taxRate }];
    case "AccountCarried": {
      const { available } = event.data;
      return [
        { ...place, kind: "carried", available: negative(available), held: negative(heldIn(event.data)) },
      ];
    }
    default:
      return [];
  }
}

function heldIn({
  holds,
}: Extract<AccountEvent, { type: "AccountOpened" | "AccountCarried" }>["data"]): MillsText {
  return millsText(holds.reduce((sum, hold) => sum + mills(hold.mills), 0n));
}
