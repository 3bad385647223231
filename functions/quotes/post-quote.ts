import type * as z from "zod";
import { millsText } from "../../market/money.ts";
import { productOf } from "../../market/products.ts";
import { bestStart, type QuotedPool } from "../../market/quote.ts";
import { slotOf } from "../../market/time.ts";
import type { CenterView } from "../../market/views/centers.ts";
import { OfferView } from "../../market/views/offers.ts";
import { openOffersKey } from "../../market/views/view.ts";
import { operations } from "../contract/operations.ts";
import type { PoolQuote, QuoteRequest } from "../contract/quotes.ts";
import { endpoint } from "../kit/endpoint.ts";
import type { Access } from "../kit/host.ts";
import { onLambda } from "../kit/lambda.ts";
import { seenPosition } from "../kit/listing.ts";
import { problem } from "../kit/problems.ts";
import { assertRegionsKnown, publishedCenters } from "../market/published-centers.ts";
import { publishedPrices } from "../market/published-prices.ts";
import { assertProductsKnown } from "../market/traded-products.ts";

type Request = z.output<typeof QuoteRequest>;

/** Longest window that a quote looks at: as far as the forward session sells. */
const slotsMost = 1690;

export const create = endpoint(operations.postQuote, async ({ body, access, role, now }) => {
  const from = Math.max(body.from, slotOf(now) + 1);
  if (body.to <= body.from)
    throw problem(422, "window-reversed", "The window must end after it begins.", "/to");
  if (body.to <= from)
    throw problem(
      422,
      "window-passed",
      `The next gate sells from slot ${from}: the window ends too early.`,
      "/to",
    );
  if (body.to - from < body.slots)
    throw problem(
      422,
      "window-too-short",
      `What is left of the window must hold ${body.slots} slots.`,
      "/to",
    );
  if (body.to - from > slotsMost)
    throw problem(422, "window-too-long", `Ask for ${slotsMost} slots at most.`, "/to");
  assertProductsKnown(body.products);
  const seen = await seenPosition({ access, role });
  const centers = await publishedCenters(access);
  assertRegionsKnown(centers, body.regions ?? []);
  const pools = await quotes(access, centers, body, from);
  const largest = Math.max(...body.products.map(({ limit }) => limit));
  return {
    body: { hold: millsText(BigInt(largest) * BigInt(body.cards) * BigInt(body.slots)), pools, ...seen },
  };
});
export const handler = onLambda(create);

async function quotes(
  access: Access,
  centers: readonly CenterView[],
  request: Request,
  from: number,
): Promise<PoolQuote[]> {
  const offers = await access.views.list({ pk: openOffersKey }, OfferView);
  const open = centers.filter((center) => center.status === "joined" && inRegion(center, request));
  const wanted = open.flatMap((center) => request.products.map((choice) => ({ center, choice })));
  const found = await Promise.all(
    wanted.map(async ({ center, choice: { product, limit } }) => {
      const prices = await publishedPrices(access, center.center, product, from, request.to);
      const pool: QuotedPool = {
        kw: productOf(product)?.kw ?? 0,
        puePermille: center.puePermille,
        energy: center.energy,
        offers: offers
          .map(({ data }) => data)
          .filter((o) => o.center === center.center && o.product === product),
        traded: new Map(prices.filter(({ sold }) => sold > 0).map(({ slot, price }) => [slot, price])),
      };
      const best = bestStart(pool, { ...request, from });
      if (best === undefined) return [];
      const { perCard, basis } = best;
      return [
        {
          center: center.center,
          product,
          from: best.from,
          to: best.from + request.slots,
          basis,
          averagePrice: Math.ceil(perCard / request.slots),
          cost: millsText(BigInt(perCard) * BigInt(request.cards)),
          limitSuffices: limit * request.slots >= perCard,
        },
      ];
    }),
  );
  return found.flat().sort((a, b) => Number(BigInt(a.cost) - BigInt(b.cost)));
}

function inRegion({ region, homeRegions }: CenterView, { regions }: Request): boolean {
  return regions === undefined || [region, ...homeRegions].some((one) => regions.includes(one));
}
