import type * as z from "zod";
import { millsText } from "../../market/money.ts";
import { productOf } from "../../market/products.ts";
import { likelyStart, type QuotedPool } from "../../market/quote.ts";
import { rules } from "../../market/rules.ts";
import { firstSlots } from "../../market/stretch.ts";
import { SLOTS_PER_HOUR, slotOf } from "../../market/time.ts";
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
  const from = firstSale(body, slotOf(now));
  if (body.to <= body.from)
    throw problem(422, "window-reversed", "The window must end after it begins.", "/to");
  if (body.to <= from)
    throw problem(
      422,
      "window-passed",
      `The next ${body.session} gate sells from slot ${from}: the window ends too early.`,
      "/to",
    );
  const shortest = Math.min(...body.products.map((choice) => firstSlots(body, choice)));
  if (body.to - from < shortest)
    throw problem(422, "window-too-short", `What is left of the window must hold ${shortest} slots.`, "/to");
  if (body.to - from > slotsMost)
    throw problem(422, "window-too-long", `Ask for ${slotsMost} slots at most.`, "/to");
  assertProductsKnown(body.products);
  const seen = await seenPosition({ access, role });
  const centers = await publishedCenters(access);
  assertRegionsKnown(centers, body.regions ?? []);
  const pools = await quotes(access, centers, body, from);
  const largest = Math.max(...body.products.map((choice) => choice.limit * firstSlots(body, choice)));
  return { body: { hold: millsText(BigInt(largest) * BigInt(body.cards)), pools, ...seen } };
});
export const handler = onLambda(create);

/** The first slot of the window that the session's next gate sells. */
function firstSale({ session, from }: Request, now: number): number {
  if (session === "spot") return Math.max(from, now + 1);
  const { forwardLeadSlots } = rules;
  const hour = Math.floor((now + forwardLeadSlots) / SLOTS_PER_HOUR) + 1;
  return Math.max(Math.ceil(from / SLOTS_PER_HOUR), hour) * SLOTS_PER_HOUR;
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
  const found = wanted.flatMap(({ center, product, limit, slots }, index): PoolQuote[] => {
    const pool: QuotedPool = {
      kw: productOf(product)?.kw ?? 0,
      puePermille: center.puePermille,
      energy: center.energy,
      supply: (supplies[index] ?? []).filter(([, , , , kind]) => kind === undefined || request.reclaimable),
      traded: new Map(prices[index]?.filter(({ sold }) => sold > 0).map(({ slot, price }) => [slot, price])),
    };
    const likely = likelyStart(pool, { ...request, from, limit, slots });
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
        cost: millsText(BigInt(perCard) * BigInt(request.cards)),
        limitSuffices: limit * slots >= perCard,
      },
    ];
  });
  return found.sort((a, b) => Number(BigInt(a.cost) - BigInt(b.cost)));
}

function inRegion({ region, homeRegions }: CenterView, { regions }: Request): boolean {
  return regions === undefined || [region, ...homeRegions].some((one) => regions.includes(one));
}
