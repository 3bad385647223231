import * as z from "zod";
import { CenterId, JobId, type Period, PlacementId, ProductId, Slot } from "../../events/catalog/values.ts";
import { type ReleasedCards, unresoldIn } from "../../market/book/unresold.ts";
import { type Range, united } from "../../market/settlement/ranges.ts";
import { periodOf } from "../../market/time.ts";
import { sortable } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";
import { auctionsBetween, isEnded } from "./latest-auction.ts";

/** What became of released cards, slot by slot, until the daily close charges their fees. It follows from the log. */
const Stored = z.array(
  z.object({
    job: JobId,
    placement: PlacementId,
    center: CenterId,
    product: ProductId,
    slot: Slot,
    released: z.int(),
    unresold: z.int(),
  }),
);

type Operations = Pick<Access, "database" | "operationsTable" | "clock">;

const keptSeconds = 30 * 86_400;
/** Entries of one item, each some 200 bytes, below DynamoDB's 400 KB. */
const cardsOfItem = 1_000;
const partition = (period: Period) => `released#${period}`;

/** What the last gate of a slot saw given back, be it nothing: a slot that is not there is worked out anew. */
export async function saveReleased(operations: Operations, slot: number, cards: readonly ReleasedCards[]) {
  const { database, operationsTable, clock } = operations;
  const expiresAt = Math.floor(clock.now() / 1000) + keptSeconds;
  const chunks = Math.max(1, Math.ceil(cards.length / cardsOfItem));
  // The first goes last: where it is, all of them are.
  for (let chunk = chunks - 1; chunk >= 0; chunk--) {
    const own = cards.slice(chunk * cardsOfItem, (chunk + 1) * cardsOfItem);
    const sk = chunk === 0 ? sortable(slot) : `${sortable(slot)}#${sortable(chunk)}`;
    const body = JSON.stringify(own);
    await database.put(operationsTable, { pk: partition(periodOf(slot)), sk, body, expiresAt });
  }
}

/**
 * What became of released cards in some slots, by slot: of each whose last gate closed, and of no other.
 * @throws Error while the auction of such a gate is not sealed.
 */
export async function releasedIn(
  access: Access,
  ranges: readonly Range[],
): Promise<ReadonlyMap<number, readonly ReleasedCards[]>> {
  const slots = united(ranges).flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => from + n));
  const bySlot = await savedIn(access, new Set(slots.map(periodOf)));
  const missing = slots.filter((slot) => !bySlot.has(slot));
  // Their gates never closed, or who sealed their auctions died before it could say what became of the slot.
  for (const [from, to] of united(missing.map((slot): Range => [slot, slot + 1])))
    for (const { auction, state } of await auctionsBetween(access, from - 1, to - 1)) {
      if (state.session !== "spot") continue;
      const slot = state.gate + 1;
      if (!isEnded(state)) throw new Error(`auction ${auction}, the last one of slot ${slot}, is not sealed`);
      bySlot.set(slot, unresoldIn(await access.books.at(auction, state.position), slot));
    }
  return bySlot;
}

async function savedIn(
  { database, operationsTable }: Pick<Access, "database" | "operationsTable">,
  periods: Iterable<Period>,
): Promise<Map<number, readonly ReleasedCards[]>> {
  const bySlot = new Map<number, readonly ReleasedCards[]>();
  for (const period of periods) {
    const items = await database.query(operationsTable, { pk: partition(period) });
    const chunks = Map.groupBy(items, ({ sk }) => String(sk).split("#")[0] ?? "");
    for (const [sk, own] of chunks) {
      if (!own.some((item) => item.sk === sk)) continue;
      const cards = own.flatMap(({ body }) => Stored.parse(JSON.parse(String(body))));
      bySlot.set(Number(sk), cards);
    }
  }
  return bySlot;
}
