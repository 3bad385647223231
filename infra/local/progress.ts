import type { World } from "../../agent/replay/world.ts";
import type { Auction } from "../../functions/contract/market.ts";
import { operations } from "../../functions/contract/operations.ts";
import type { Exchange } from "./exchange.ts";
import { gapOf, percent } from "./gaps.ts";

/** Auctions of a market hour: ten spot, one forward. */
const hourOfAuctions = 11;

/** What a replay shows while it runs: one line a market hour, on a terminal one line that changes. */
export function createProgress(exchange: Exchange, world: World, end: number) {
  const began = performance.now();
  return {
    async show(): Promise<void> {
      const client = await world.client("observatory", "operator");
      const { items } = await client.call(operations.listAuctions, { query: { limit: hourOfAuctions } });
      const [last] = items;
      const busy = items.find(({ bids = 0 }) => bids > 0);
      const time = new Date(exchange.time.now() + 8 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");
      const share = Math.min(1, (exchange.time.now() - world.opening) / (end - world.opening));
      const bids = busy === undefined ? "" : `, the last with bids: ${resultOf(busy)}`;
      const line = `${time}  ${(share * 100).toFixed(0).padStart(3)} %  ${world.works.size} jobs requested, ${last?.auction ?? 0} auctions${bids}  (${((performance.now() - began) / 1000).toFixed(0)} s)`;
      if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${line}${share >= 1 ? "\n" : ""}`);
      else console.log(line);
    },
  };
}

function resultOf({ bids = 0, awards = 0, welfare, bound }: Auction): string {
  const gap =
    welfare === undefined || bound === undefined ? "" : `, gap ${percent(gapOf({ welfare, bound }))}`;
  return `${bids}, ${awards} awards${gap}`;
}
