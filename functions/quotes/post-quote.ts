import type * as z from "zod";
import { startsFrom } from "../../market/job/request.ts";
import { millsText } from "../../market/money.ts";
import { productOf } from "../../market/products.ts";
import { likelyStart, type QuotedPool } from "../../market/quote.ts";
import { firstSlots, firstStart } from "../../market/stretch.ts";
import { SLOTS_PER_HOUR } from "../../market/time.ts";
import type { CenterView } from "../../market/views/centers.ts";
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
  const from = firstStart(body, now);
  if (body.to <= body.from)
    throw problem(422, "window-reversed", "The window must end after it begins.", "/to");
  if (body.to <= from)
    throw problem(422, "window-passed", `${startsFrom(body, from)}: the window ends too early.`, "/to");
  assertServed(body);
  // A service is served for what is left of its window.
  const slots = body.floor === undefined ? body.slots : wholeOf(body, from);
  const shortest = Math.min(...body.products.map((choice) => firstSlots({ slots }, choice)));
  if (shortest === 0 || body.to - from < shortest)
    throw problem(
      422,
      "window-too-short",
      `What is left of the window must hold ${Math.max(1, shortest)} slots.`,
      "/to",
    );
  if (body.to - from > slotsMost)
    throw problem(422, "window-too-long", `Ask for ${slotsMost} slots at most.`, "/to");
  assertProductsKnown(body.products);
  const seen = await seenPosition({ access, role });
  const centers = await publishedCenters(access);
  assertRegionsKnown(centers, body.regions ?? []);
  const pools = await quotes(access, centers, { ...body, slots }, from);
  const largest = Math.max(...body.products.map((choice) => choice.limit * firstSlots(body, choice)));
  return { body: { hold: millsText(BigInt(largest) * BigInt(body.cards)), pools, ...seen } };
});
export const handler = onLambda(create);

/** What only a service says of itself is in order. */
function assertServed({ floor, cards, slots, from, to, products }: Request): void {
  if (floor === undefined) return;
  if (floor > cards) throw problem(422, "floor-above-cards", `The floor is at most ${cards}.`, "/floor");
  if (slots !== to - from)
    throw problem(
      422,
      "slots-not-window",
      `A service runs for its whole window: ${to - from} slots.`,
      "/slots",
    );
  const timed = products.findIndex((choice) => choice.slots !== undefined);
  if (timed >= 0)
    throw problem(
      422,
      "slots-not-of-gang",
      "A service runs for its whole window: only a block or split job has a length per product.",
      `/products/${timed}/slots`,
    );
}

/** Slots that a service has from one on: in forward whole hours. */
function wholeOf({ session, to }: Request, from: number): number {
  return session === "spot" ? to - from : to - from - ((to - from) % SLOTS_PER_HOUR);
}

async function quotes(
  access: Access,
  centers: readonly CenterView[],
  request: Request,
  from: number,
): Promise<PoolQuote[]> {
  const wanted = centers
    .filter((center) => center.status === "joined" && inRegion(center, request))
    .flatMap((center) =>
      request.products
        .filter(({ product }) => center.pools.some((pool) => pool.product === product))
        .map((choice) => ({ center, ...choice, slots: firstSlots(request, choice) })),
    );
  const keys = wanted.map(({ center: { center }, product }) => ({ center, product }));
  const [supplies, prices] = await Promise.all([
    access.readSupply(keys),
    publishedPrices(access, keys, from, request.to),
  ]);
  const cards = request.floor ?? request.cards;
  const found = wanted.flatMap(({ center, product, limit, slots }, index): PoolQuote[] => {
    const pool: QuotedPool = {
      kw: productOf(product)?.kw ?? 0,
      puePermille: center.puePermille,
      energy: center.energy,
      carbon: center.carbon,
      supply: (supplies[index] ?? []).filter(
        ([, , , , marks]) => marks?.reclaimable === undefined || request.reclaimable,
      ),
      traded: new Map(prices[index]?.filter(({ sold }) => sold > 0).map(({ slot, price }) => [slot, price])),
    };
    const likely = likelyStart(pool, { ...request, cards, from, limit, slots });
    if (likely === undefined) return [];
    const { perCard, basis } = likely;
    return [
      {
        center: center.center,
        product,
        from: likely.from,
        to: likely.from + slots,
        basis,
        averagePrice: Math.ceil(perCard / slots),
        cost: millsText(BigInt(perCard) * BigInt(cards)),
        limitSuffices: limit * slots >= perCard,
      },
    ];
  });
  return found.sort((a, b) => Number(BigInt(a.cost) - BigInt(b.cost)));
}

function inRegion({ region, homeRegions }: CenterView, { regions }: Request): boolean {
  return regions === undefined || [region, ...homeRegions].some((one) => regions.includes(one));
}
