import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { Period } from "../../events/catalog/values.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { AccountView } from "../../market/views/accounts.ts";
import { accountsKey } from "../../market/views/view.ts";
import { onAccount } from "../accounts/account-stream.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";

const pageSize = 100;

/** Carries every account into today, page by page; one that somebody used today is there already. */
export const create = step(
  z.object({ period: Period, cursor: z.string() }),
  async (access, { period, cursor }) => {
    const range = {
      pk: accountsKey,
      limit: pageSize,
      ...(cursor === "" || cursor === "end" ? {} : { after: cursor }),
    };
    const page = await access.views.list(range, AccountView);
    const carried: string[] = [];
    await forEachInFlight(16, page, async ({ data: { account } }) => {
      const meta = exchangeCommand(access, `carry/${account}/${period}`, `period-${period}`);
      const done = await onAccount(access, account, [], meta);
      carried.push(streams.account(account, period), ...(done === undefined ? [] : [done.stream]));
    });
    await access.relay.drain(carried);
    const last = page.at(-1);
    return { period, cursor: last !== undefined && page.length === pageSize ? last.sk : "end" };
  },
);
export const handler = onLambda(create);
