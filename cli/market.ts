import { Argument, Command, InvalidArgumentError } from "@commander-js/extra-typings";
import type { z } from "zod";
import {
  type Auction,
  getAuction,
  getCurves,
  listAuctions,
  listCenters,
  listPrices,
  listProducts,
  listPublishedOffers,
  type Product,
  type PublishedCenter,
  type SlotPrice,
} from "../functions/contract/market.ts";
import { cny, count, hourly, price, slotTime, span, time } from "./figures.ts";
import { allOption, cursorOption, limitOption, type Paging, showList } from "./listing.ts";
import { publishedOfferColumns } from "./offer.ts";
import type { Session } from "./session.ts";
import { slotHelp } from "./slots.ts";
import { type Column, record, table } from "./table.ts";
import { intervalOption, watch, watchOption } from "./watching.ts";

type Center = z.infer<typeof PublishedCenter>;

export function marketCommands(session: Session): Command {
  const group = new Command("market").description("What everybody on the market sees");
  group
    .command("products")
    .description(listProducts.summary)
    .action(() => session.run(listProducts, {}, ({ items }) => table(items, productColumns)));
  group
    .command("centers")
    .description(listCenters.summary)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((paging) => showList(session, listCenters, {}, paging, ({ items }) => items, centerColumns));
  group
    .command("offers")
    .description(listPublishedOffers.summary)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((paging) =>
      showList(session, listPublishedOffers, {}, paging, ({ items }) => items, publishedOfferColumns),
    );
  group
    .command("prices")
    .description(listPrices.summary)
    .requiredOption("--center <center>", "center of the pool")
    .requiredOption("--product <product>", "product of the pool")
    .option("--from <slot>", `first slot: ${slotHelp}`, "+0")
    .option("--to <slot>", "first slot left out", "+4h")
    .action(async ({ center, product, from, to }) => {
      const query = {
        center,
        product,
        from: await session.slot(from, "from", "--from"),
        to: await session.slot(to, "to", "--to"),
      };
      await session.run(listPrices, { query }, ({ prices }) => table(prices, priceColumns));
    });
  group
    .command("auctions")
    .description(listAuctions.summary)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .addOption(watchOption("go on with every auction that closes, is cleared or voided"))
    .addOption(intervalOption())
    .action(({ watch: watching, interval, ...paging }) =>
      watching === true
        ? watchAuctions(session, paging, interval)
        : showList(session, listAuctions, {}, paging, ({ items }) => items, auctionColumns),
    );
  group
    .command("auction")
    .description(getAuction.summary)
    .addArgument(auctionArgument())
    .action((auction) => session.run(getAuction, { params: { auction } }, auctionRecord));
  group
    .command("curves")
    .description(getCurves.summary)
    .addArgument(auctionArgument())
    .action((auction) =>
      session.run(getCurves, { params: { auction } }, ({ demand, supply }) =>
        table(
          [
            ...demand.map((point) => ({ ...point, curve: "demand" })),
            ...supply.map((point) => ({ ...point, curve: "supply" })),
          ],
          curveColumns,
        ),
      ),
    );
  return group;
}

const auctionArgument = () =>
  new Argument("<number>", "the auction's number").argParser((text) => {
    if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("Give an auction's number, from 1.");
    return text;
  });

/** Each auction again whenever its status changes, oldest first. */
async function watchAuctions(session: Session, { limit = 20 }: Paging, interval: number): Promise<void> {
  const seen = new Map<number, string>();
  await watch(session.io, interval, async () => {
    const { answer } = await session.ask(listAuctions, { query: { limit } });
    for (const auction of answer.items.toReversed()) {
      if (seen.get(auction.auction) === auction.status) continue;
      seen.set(auction.auction, auction.status);
      await session.showNext(auction, () => auctionLine(auction));
    }
    const oldest = answer.items.at(-1)?.auction ?? 0;
    for (const known of seen.keys()) if (known < oldest) seen.delete(known);
    return "more";
  });
}

function auctionLine({ auction, session, status, at, bids, awards, reason }: Auction): string {
  const outcome = bids === undefined ? (reason ?? "") : `${count(bids)} bids, ${count(awards ?? 0)} awards`;
  return `${`${time(at)}  ${auction}  ${session.padEnd(7)}  ${status.padEnd(7)}  ${outcome}`.trimEnd()}\n`;
}

const productColumns: readonly Column<Product>[] = [
  { head: "product", of: ({ product }) => product },
  { head: "cards", right: true, of: ({ cards }) => count(cards) },
  {
    head: "centers",
    of: ({ pools }) => pools.map(({ center, cards }) => `${center} ${count(cards)}`).join(", "),
  },
];

const centerColumns: readonly Column<Center>[] = [
  { head: "center", of: ({ center }) => center },
  { head: "name", of: ({ name }) => name },
  { head: "region", of: ({ region }) => region },
  { head: "status", of: ({ status }) => status },
  {
    head: "pools",
    of: ({ pools }) => pools.map(({ product, cards }) => `${product} ${count(cards)}`).join(", "),
  },
  { head: "PUE", right: true, of: ({ puePermille }) => (puePermille / 1000).toFixed(3) },
  {
    head: "energy + carbon mills/kWh",
    right: true,
    of: ({ energy, carbon }) =>
      carbon === undefined ? hourly(energy) : `${hourly(energy)} + ${hourly(carbon)}`,
  },
  { head: "gCO2/kWh", right: true, of: ({ gridFactor }) => count(gridFactor) },
  { head: "links to", of: ({ links }) => links.map(({ to }) => to).join(", ") },
];

const priceColumns: readonly Column<z.infer<typeof SlotPrice>>[] = [
  { head: "market time", of: ({ slot }) => slotTime(slot) },
  { head: "slot", right: true, of: ({ slot }) => slot },
  { head: "CNY/card-h", right: true, of: (row) => price(row.price) },
  { head: "cards sold", right: true, of: ({ sold }) => count(sold) },
  { head: "auction", right: true, of: ({ auction }) => auction },
];

const auctionColumns: readonly Column<Auction>[] = [
  { head: "auction", right: true, of: ({ auction }) => auction },
  { head: "session", of: ({ session }) => session },
  { head: "status", of: ({ status }) => status },
  { head: "gate", of: ({ at }) => time(at) },
  { head: "sold for", of: ({ from, to }) => span(from, to) },
  { head: "bids", right: true, of: ({ bids }) => (bids === undefined ? undefined : count(bids)) },
  { head: "awards", right: true, of: ({ awards }) => (awards === undefined ? undefined : count(awards)) },
  {
    head: "card-slots",
    right: true,
    of: ({ cardSlots }) => (cardSlots === undefined ? undefined : count(cardSlots)),
  },
  { head: "value CNY", right: true, of: ({ value }) => (value === undefined ? undefined : cny(value)) },
];

function auctionRecord(auction: Auction): string {
  const money = (mills: string | undefined) => (mills === undefined ? undefined : `${cny(mills)} CNY`);
  return record([
    ["auction", auction.auction],
    ["session", auction.session],
    ["status", auction.status],
    ["reason", auction.reason],
    ["gate", time(auction.at)],
    ["sells", span(auction.from, auction.to)],
    ["reruns", auction.reruns],
    ["bids", auction.bids],
    ["awards", auction.awards],
    ["card-slots", auction.cardSlots === undefined ? undefined : count(auction.cardSlots)],
    ["value", money(auction.value)],
    ["welfare", money(auction.welfare)],
    ["bound", money(auction.bound)],
  ]);
}

type Curves = (typeof getCurves)["success"]["body"]["_output"];
const curveColumns: readonly Column<Curves["demand"][number] & { readonly curve: string }>[] = [
  { head: "curve", of: ({ curve }) => curve },
  { head: "CNY/card-h", right: true, of: (point) => price(point.price) },
  { head: "card-slots", right: true, of: ({ cardSlots }) => count(cardSlots) },
];
