import * as z from "zod";
import { CenterId, JobId, type Period, PlacementId, ProductId, Slot } from "../../events/catalog/values.ts";
import type { ReleasedCards } from "../../market/book/unresold.ts";
import { periodOf } from "../../market/time.ts";
import { sortable } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";

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

export async function saveReleased(operations: Operations, slot: number, cards: readonly ReleasedCards[]) {
  if (cards.length === 0) return;
  const { database, operationsTable, clock } = operations;
  const expiresAt = Math.floor(clock.now() / 1000) + keptSeconds;
  const chunks = Math.ceil(cards.length / cardsOfItem);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const own = cards.slice(chunk * cardsOfItem, (chunk + 1) * cardsOfItem);
    const sk = chunk === 0 ? sortable(slot) : `${sortable(slot)}#${sortable(chunk)}`;
    const body = JSON.stringify(own);
    await database.put(operationsTable, { pk: partition(periodOf(slot)), sk, body, expiresAt });
  }
}

/** All of a settlement day. */
export async function releasedOn(
  { database, operationsTable }: Pick<Access, "database" | "operationsTable">,
  period: Period,
): Promise<ReleasedCards[]> {
  const items = await database.query(operationsTable, { pk: partition(period) });
  return items.flatMap(({ body }) => Stored.parse(JSON.parse(String(body))));
}
