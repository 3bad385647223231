import { Command } from "@commander-js/extra-typings";
import type { z } from "zod";
import { type PoolQuote, postQuote, type Quote, QuoteRequest } from "../functions/contract/quotes.ts";
import { bidDefaults, bidFields, bidOptions } from "./bid-options.ts";
import { cny, price, span } from "./figures.ts";
import { bodyFrom, fileOption, keyOption } from "./request-body.ts";
import type { Session } from "./session.ts";
import { type Column, table } from "./table.ts";

export function quoteCommand(session: Session) {
  return bidOptions(
    new Command("quote").description(
      `${postQuote.summary} for its cards; what moving data costs, and tax, come on top. A job's file will do: the rest of it is left out`,
    ),
  )
    .addOption(fileOption())
    .addOption(keyOption())
    .action(async ({ file, key, ...options }) => {
      const written = await bodyFrom(session, file, bidFields(options), bidDefaults);
      const body = Object.fromEntries(Object.entries(written).filter(([name]) => name in QuoteRequest.shape));
      await session.run(postQuote, { body, key }, quoteText);
    });
}

function quoteText({ hold, pools }: Quote): string {
  const starts =
    pools.length === 0 ? "no pool sells so many cards for so long in this window\n" : table(pools, columns);
  return `${starts}such a job holds ${cny(hold)} CNY before tax\n`;
}

const columns: readonly Column<z.infer<typeof PoolQuote>>[] = [
  { head: "center", of: ({ center }) => center },
  { head: "product", of: ({ product }) => product },
  { head: "market time", of: ({ from, to }) => span(from, to) },
  { head: "CNY/card-h", right: true, of: ({ averagePrice }) => price(averagePrice) },
  { head: "cost CNY", right: true, of: ({ cost }) => cny(cost) },
  { head: "basis", of: ({ basis }) => basis },
  { head: "limit", of: ({ limitSuffices }) => (limitSuffices ? "suffices" : "too low") },
];
