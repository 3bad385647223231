import { gunzipSync } from "node:zlib";
import type { CenterId, ProductId } from "../../events/catalog/values.ts";
import type { RunMark, SupplyMarks, SupplyStep } from "../../market/book/supply-left.ts";
import { OfferChange, SupplySeen, SupplyView, supplySince } from "../../market/views/supply.ts";
import { afterChangesOf, offerChangesKey, viewKeys } from "../../market/views/view.ts";
import type { ViewItems, Views } from "../kit/views.ts";

export interface PoolKey {
  readonly center: CenterId;
  readonly product: ProductId;
}

/** Supply of pools as published, cheapest first, in the order of the keys. */
export type ReadSupply = (pools: readonly PoolKey[]) => Promise<(readonly SupplyStep[])[]>;

const poolsKept = 500;

/** Keeps what it has unpacked: what an auction left of a pool never changes, the next auction leaves something else. */
export function createSupplyReader(views: Pick<Views, "list">, auctionItems: ViewItems): ReadSupply {
  const known = new Map<string, { readonly auction: number; readonly steps: readonly SupplyStep[] }>();
  const unpacked = (pool: string, { auction, steps: packed }: SupplyView) => {
    const kept = known.get(pool);
    if (kept?.auction === auction) return kept.steps;
    const steps = unpack(packed);
    known.delete(pool);
    known.set(pool, { auction, steps });
    const oldest = known.size > poolsKept ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return steps;
  };
  return async (pools) => {
    // In this order: an auction says what it has seen, and removes that, when what it left is there.
    const seen = await auctionItems.get(viewKeys.supplySeen, SupplySeen);
    const after = seen === undefined ? {} : { after: afterChangesOf(seen.data.position) };
    const changes = await views.list({ pk: offerChangesKey, ...after }, OfferChange);
    const keys = pools.map(({ center, product }) => viewKeys.supply(center, product));
    const items = await auctionItems.getMany(keys, SupplyView);
    const left = new Map(items.map(({ pk, data }) => [pk, data]));
    return pools.map(({ center, product }, n) => {
      const key = keys[n]?.pk ?? "";
      const view = left.get(key);
      const since = changes.filter(
        ({ position, data }) =>
          position > (view?.position ?? 0) && data.center === center && data.product === product,
      );
      return supplySince(
        view === undefined ? [] : unpacked(key, view),
        since.map(({ data }) => data),
      );
    });
  };
}

/** What `saveSupply` packed. @throws Error for anything else: the item is made anew at the next gate. */
function unpack(packed: string): readonly SupplyStep[] {
  const rows: unknown = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString("utf8"));
  if (!Array.isArray(rows) || !rows.every(isStep)) throw new Error("an item of supply holds no steps");
  return rows;
}

function isStep(row: unknown): row is SupplyStep {
  if (!Array.isArray(row) || row.length < 4 || row.length > 5) return false;
  return row.slice(0, 4).every(Number.isInteger) && (row.length === 4 || isMarks(row[4]));
}

/** A step that is plain has none, so marks say something. */
function isMarks(marks: unknown): marks is SupplyMarks {
  if (typeof marks !== "object" || marks === null || Array.isArray(marks)) return false;
  const fields = Object.entries(marks);
  return fields.length > 0 && fields.every(isMark);
}

function isMark([name, value]: [string, unknown]): boolean {
  switch (name) {
    case "only":
      return value === "spot" || value === "forward";
    case "reclaimable":
      return value === true;
    case "run":
      return isRun(value);
    default:
      return false;
  }
}

function isRun(run: unknown): run is RunMark {
  if (typeof run !== "object" || run === null) return false;
  if (!("of" in run && "least" in run && "sold" in run)) return false;
  const { of, least, sold } = run;
  const isRange = (range: unknown) =>
    Array.isArray(range) && range.length === 2 && range.every(Number.isInteger);
  return typeof of === "string" && Number.isInteger(least) && Array.isArray(sold) && sold.every(isRange);
}
