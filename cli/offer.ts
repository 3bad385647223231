import { Command } from "@commander-js/extra-typings";
import {
  getOffer,
  listOffers,
  type Offer,
  type PublishedOffer,
  postOffer,
  reclaimOffer,
  withdrawOffer,
} from "../functions/contract/offers.ts";
import { count, price, span } from "./figures.ts";
import { allOption, cursorOption, limitOption, showList } from "./listing.ts";
import { bodyFrom, fileOption, keyOption, matchOption, whole } from "./request-body.ts";
import type { Session } from "./session.ts";
import { slotHelp } from "./slots.ts";
import { type Column, record } from "./table.ts";

export function offerCommands(session: Session): Command {
  const group = new Command("offer").description("Offers of your centers");
  group
    .command("post")
    .description(postOffer.summary)
    .option("--center <center>", "center whose cards they are")
    .option("--product <product>", "product of the pool")
    .option("--cards <n>", "whole cards", whole)
    .option("--from <slot>", `first slot (default: +1): ${slotHelp}`)
    .option("--to <slot>", "first slot left out")
    .option("--reserve <fen>", "least price, fen per card-hour, energy not included", whole)
    .option(
      "--reclaim-notice <slots>",
      "sold cards may be taken back with this notice (default: firm)",
      whole,
    )
    .addOption(fileOption())
    .addOption(keyOption())
    .action(async ({ file, key, ...fields }) => {
      const body = await bodyFrom(session, file, fields, { from: "+1" });
      await session.run(postOffer, { body, key }, offerRecord);
    });
  group
    .command("get")
    .description(getOffer.summary)
    .argument("<offer>")
    .action((offer) => session.run(getOffer, { params: { offer } }, offerRecord));
  group
    .command("list")
    .description(listOffers.summary)
    .addOption(limitOption())
    .addOption(cursorOption())
    .addOption(allOption())
    .action((paging) => showList(session, listOffers, {}, paging, ({ items }) => items, columns));
  group
    .command("withdraw")
    .description(withdrawOffer.summary)
    .argument("<offer>")
    .addOption(matchOption())
    .action((offer, { ifMatch }) => session.run(withdrawOffer, { params: { offer }, ifMatch }, offerRecord));
  group
    .command("reclaim")
    .description(reclaimOffer.summary)
    .argument("<offer>")
    .option("--from <slot>", `first slot that is taken back: ${slotHelp}`)
    .option("--cards <n>", "whole cards (default: all that the offer has left)", whole)
    .addOption(fileOption())
    .addOption(keyOption())
    .addOption(matchOption())
    .action(async (offer, { file, key, ifMatch, ...fields }) => {
      const body = await bodyFrom(session, file, fields, {});
      await session.run(reclaimOffer, { params: { offer }, body, key, ifMatch }, offerRecord);
    });
  return group;
}

/** An offer as everybody may see it. */
export const publishedOfferColumns: readonly Column<PublishedOffer>[] = [
  { head: "offer", of: ({ offer }) => offer },
  { head: "center", of: ({ center }) => center },
  { head: "product", of: ({ product }) => product },
  { head: "cards", right: true, of: ({ cards }) => count(cards) },
  { head: "market time", of: ({ from, to }) => span(from, to) },
  { head: "reserve CNY/card-h", right: true, of: ({ reserve }) => price(reserve) },
];

const columns: readonly Column<Offer>[] = [
  ...publishedOfferColumns,
  { head: "status", of: ({ status }) => status },
];

function offerRecord(of: Offer): string {
  const { offer, center, product, cards, from, to, reserve, reclaimNotice, status, version } = of;
  const reclaimed = of.reclaimed?.map((one) => `${count(one.left)} cards left from slot ${one.from} on`);
  return record([
    ["offer", offer],
    ["status", status],
    ["center", center],
    ["product", product],
    ["cards", count(cards)],
    ["market time", span(from, to)],
    ["slots", `${from} – ${to}`],
    ["reserve", `${price(reserve)} CNY/card-h`],
    ["notice", reclaimNotice === undefined ? undefined : `${reclaimNotice} slots`],
    ["reclaimed", reclaimed?.join(", ")],
    ["version", version],
  ]);
}
