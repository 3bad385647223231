import { Command, Option } from "@commander-js/extra-typings";
import {
  type Draw,
  drawReserve,
  getOffer,
  listOffers,
  type NewOffer,
  type Offer,
  type PublishedOffer,
  postOffer,
  reclaimOffer,
  withdrawOffer,
} from "../functions/contract/offers.ts";
import { count, price, span } from "./figures.ts";
import { allOption, cursorOption, limitOption, showList } from "./listing.ts";
import { bodyFrom, fileOption, gather, keyOption, matchOption, parts, whole } from "./request-body.ts";
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
    .option("--reserve <fen>", "least price, fen per card-hour, energy and carbon not included", whole)
    .addOption(
      new Option(
        "--step <cards:fen>",
        "in place of --cards and --reserve: cards at a reserve; again for each, cheapest first",
      ).argParser(gather(stepOf)),
    )
    .option("--min-run <slots>", "slots in a row in which its cards are sold at least", whole)
    .option("--home-reserve", "kept for the home region until it lapses into spot")
    .option(
      "--reclaim-notice <slots>",
      "sold cards may be taken back with this notice (default: firm)",
      whole,
    )
    .addOption(fileOption())
    .addOption(keyOption())
    .action(async ({ file, key, step: steps, ...fields }) => {
      const named = { ...summed(steps), ...fields };
      const body = await bodyFrom(session, file, named, { from: "+1" });
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
    .command("draw")
    .description(drawReserve.summary)
    .argument("<offer>")
    .option("--cards <n>", "whole cards", whole)
    .option("--from <slot>", `first slot: ${slotHelp}`)
    .option("--to <slot>", "first slot left out")
    .addOption(fileOption())
    .addOption(keyOption())
    .addOption(matchOption())
    .action(async (offer, { file, key, ifMatch, ...fields }) => {
      const body = await bodyFrom(session, file, fields);
      await session.run(drawReserve, { params: { offer }, body, key, ifMatch }, offerRecord);
    });
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

type OfferStep = NonNullable<NewOffer["steps"]>[number];

function stepOf(text: string): OfferStep {
  const [cards = "", reserve = ""] = parts(text, "CARDS:FEN");
  return { cards: whole(cards), reserve: whole(reserve) };
}

/** Steps, and what they come to. */
function summed(steps: readonly OfferStep[] | undefined) {
  if (steps === undefined) return {};
  const cards = steps.reduce((sum, step) => sum + step.cards, 0);
  return { cards, reserve: steps[0]?.reserve, steps };
}

function kindOf({ homeReserve, minRun, reclaimNotice }: PublishedOffer): string {
  const kinds = [
    ...(homeReserve === true ? ["home reserve"] : []),
    ...(minRun === undefined ? [] : [`runs of ${minRun} slots`]),
    ...(reclaimNotice === undefined ? [] : [`notice of ${reclaimNotice} slots`]),
  ];
  return kinds.join(", ");
}

function reserveOf({ reserve, steps }: PublishedOffer): string {
  if (steps === undefined) return price(reserve);
  return steps.map((step) => `${count(step.cards)} at ${price(step.reserve)}`).join(", ");
}

/** An offer as everybody may see it. */
export const publishedOfferColumns: readonly Column<PublishedOffer>[] = [
  { head: "offer", of: ({ offer }) => offer },
  { head: "center", of: ({ center }) => center },
  { head: "product", of: ({ product }) => product },
  { head: "cards", right: true, of: ({ cards }) => count(cards) },
  { head: "market time", of: ({ from, to }) => span(from, to) },
  { head: "reserve CNY/card-h", right: true, of: reserveOf },
  { head: "kind", of: kindOf },
];

const columns: readonly Column<Offer>[] = [
  ...publishedOfferColumns,
  { head: "status", of: ({ status }) => status },
];

function offerRecord(offer: Offer): string {
  const { from, to } = offer;
  const reclaimed = offer.reclaimed?.map((one) => `${count(one.left)} cards left from slot ${one.from} on`);
  return record([
    ["offer", offer.offer],
    ["status", offer.status],
    ["center", offer.center],
    ["product", offer.product],
    ["cards", count(offer.cards)],
    ["market time", span(from, to)],
    ["slots", `${from} – ${to}`],
    ["reserve", `${reserveOf(offer)} CNY/card-h`],
    ["kind", kindOf(offer) || undefined],
    ["drawn", offer.draws?.map(drawOf).join(", ")],
    ["reclaimed", reclaimed?.join(", ")],
    ["version", offer.version],
  ]);
}

function drawOf({ cards, from, to }: Draw): string {
  return `${count(cards)} in ${span(from, to)}`;
}
