import { gunzipSync, gzipSync } from "node:zlib";
import type { Database, Item } from "../../events/store/dynamo.ts";
import { type BookState, initialBook } from "../../market/book/book-state.ts";
import { bookFromSnapshot, snapshotOf } from "../../market/book/snapshot.ts";
import { sortable } from "../../market/views/view.ts";

/** Where snapshots of the book lie: an index, and for each snapshot its text in chunks. */
export interface SnapshotPlace {
  readonly database: Database;
  readonly operationsTable: string;
  readonly clock: { now(): number };
}

/** A snapshot as the index knows it. */
interface Kept {
  readonly sk: string;
  readonly auctions: number;
  readonly position: number;
  readonly chunks: number;
  readonly expires: boolean;
}

const index = "book";
/** Characters of an item of a snapshot, below DynamoDB's 400 KB. */
const chunkLength = 300_000;
/** From when a newer one is there: the newest stays for good, for an exchange that was away however long. */
const keptSeconds = 14 * 86_400;

const chunkKey = ({ auctions, position }: Place, chunk: number) => ({
  pk: `${index}#${auctions}#${position}`,
  sk: sortable(chunk),
});

type Place = Pick<Kept, "auctions" | "position">;

/** Keeps the book; one that is kept already stays as it is. */
export async function saveSnapshot(place: SnapshotPlace, book: BookState): Promise<void> {
  const { database, operationsTable, clock } = place;
  const known = await keptUpTo(place, Number.POSITIVE_INFINITY);
  if (known.some((one) => order(one, book) === 0)) return;
  const expiresAt = Math.floor(clock.now() / 1000) + keptSeconds;
  const isNewest = known.every((one) => order(one, book) < 0);
  const expiry: Item = isNewest ? {} : { expiresAt };
  const text = gzipSync(snapshotOf(book)).toString("base64");
  const chunks = Math.ceil(text.length / chunkLength);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const body = text.slice(chunk * chunkLength, (chunk + 1) * chunkLength);
    await database.put(operationsTable, { ...chunkKey(book, chunk), body, ...expiry });
  }
  const { auctions, position } = book;
  const sk = `${sortable(auctions)}#${sortable(position)}`;
  await database.put(operationsTable, { pk: index, sk, position, chunks, ...expiry });
  if (isNewest) for (const one of known) if (!one.expires) await expire(place, one, expiresAt);
}

/** The newest snapshot that lies before both; the empty book without one. */
export async function loadSnapshot(
  place: SnapshotPlace,
  auctions: number,
  position: number,
): Promise<BookState> {
  const { database, operationsTable } = place;
  for (const one of await keptUpTo(place, auctions)) {
    if (one.position > position) continue;
    const { pk } = chunkKey(one, 0);
    const chunks = await database.query(operationsTable, { pk, limit: one.chunks });
    // A snapshot whose chunks have expired in part is none.
    if (chunks.length !== one.chunks) continue;
    const text = chunks.map(({ body }) => body).join("");
    return bookFromSnapshot(gunzipSync(Buffer.from(text, "base64")).toString("utf8"));
  }
  return initialBook();
}

/** Snapshots of at most so many auctions, newest first. */
async function keptUpTo({ database, operationsTable }: SnapshotPlace, auctions: number): Promise<Kept[]> {
  const before = Number.isFinite(auctions) ? { before: sortable(auctions + 1) } : {};
  const items = await database.query(operationsTable, { pk: index, ...before, descending: true });
  return items.map(keptFrom);
}

/** The sort key begins with the auctions; older versions wrote nothing after them. */
function keptFrom({ sk, position, chunks, expiresAt }: Item): Kept {
  const auctions = Number(String(sk).split("#")[0]);
  return {
    sk: String(sk),
    auctions,
    position: Number(position),
    chunks: Number(chunks),
    expires: expiresAt !== undefined,
  };
}

function order(one: Place, other: Place): number {
  return one.auctions - other.auctions || one.position - other.position;
}

/** The entry in the index comes last, so that what a crash leaves is done at the next save. */
async function expire({ database, operationsTable }: SnapshotPlace, kept: Kept, expiresAt: number) {
  const chunks = Array.from({ length: kept.chunks }, (_, chunk) => chunkKey(kept, chunk));
  // An update of an item that is gone would make one.
  for (const key of [...chunks, { pk: index, sk: kept.sk }])
    await database.update(operationsTable, key, { expiresAt }, [{ attribute: "pk", is: "=", to: key.pk }]);
}
