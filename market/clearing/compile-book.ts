import { compileBids } from "./columns.ts";
import { type Book, DEFAULT_SLOT_SECONDS, DEFAULT_TICK } from "./instance.ts";
import type { Model } from "./model.ts";
import { compileSupply, type Stops } from "./supply.ts";

export function compileBook(book: Book, stops: Stops = new Map()): Model {
  const slotSeconds = book.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const tick = book.tick ?? DEFAULT_TICK;
  const supply = compileSupply(book, stops);
  return {
    T: book.T,
    tick,
    slotSeconds,
    pools: book.pools.length,
    links: book.links.length,
    poolCenter: Int32Array.from(book.pools, ({ c }) => c),
    poolProduct: Int32Array.from(book.pools, ({ p }) => p),
    ...supply,
    linkCapacity: Float64Array.from(book.links, ({ gbps }) => gbps * slotSeconds),
    ...compileBids(book, supply, slotSeconds),
  };
}
