import * as z from "zod";
import { streams } from "../../events/catalog/streams.ts";
import { Period } from "../../events/catalog/values.ts";
import { execute } from "../../events/store/execute.ts";
import { periodDecider } from "../../market/period.ts";
import { emptyLedger, totalsOf, withEvents } from "../../market/settlement/ledger.ts";
import { instant, periodPlus } from "../../market/time.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { begin, loadPeriod } from "./open-period.ts";

/** Closes a settlement day for ever, with its totals, and opens the next one behind the same position. */
export const create = step(z.object({ period: Period }), async (access, { period }, observer) => {
  const open = await loadPeriod(access, period);
  if (open.phase === "open") {
    const totals = await totalsAfter(access, open.afterPosition);
    const meta = exchangeCommand(access, `close/${period}`, `period-${period}`);
    await execute(access.store, periodDecider, streams.period(period), { type: "Close", ...totals }, meta);
    const { debits, credits, charges, position } = totals;
    observer.logger.info("period closed", { period, position, charges, debits, credits });
  }
  const closed = await loadPeriod(access, period);
  if (closed.phase !== "closed") throw new Error(`period ${period} is ${closed.phase}`);
  await begin(access, periodPlus(period, 1), closed.closed?.position ?? 0);
  return {};
});
export const handler = onLambda(create);

/** The ledger of all pages after a position, up to what is in the feed now. */
async function totalsAfter({ feed, clock }: Access, afterPosition: number) {
  const head = await feed.head();
  let ledger = emptyLedger;
  for (let position = afterPosition; position < head.position; ) {
    const pages = await feed.readAfter(position, Math.min(16, head.position - position));
    for (const page of pages) {
      ledger = withEvents(
        ledger,
        page.commits.flatMap(({ events }) => events),
      );
      position = page.position;
    }
    if (pages.length === 0) throw new Error(`the feed has no page ${position + 1}`);
  }
  return { at: instant(clock.now()), position: head.position, feedHash: head.hash, ...totalsOf(ledger) };
}
