import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { LinkPrice, PoolPrice } from "../../events/catalog/auction.ts";
import { Award } from "../../events/catalog/award.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { sortable } from "../../market/views/view.ts";
import type { Access } from "../kit/host.ts";
import { sha256 } from "../kit/request.ts";

/** One page of an auction's result, as its award event will hold it. */
export const ResultPage = z.object({
  awards: z.array(Award),
  prices: z.array(PoolPrice),
  linkPrices: z.array(LinkPrice),
});
export type ResultPage = z.infer<typeof ResultPage>;

type Operations = Pick<Access, "database" | "operationsTable" | "clock">;

const keptSeconds = 30 * 86_400;

const key = (hash: string, page: number) => ({ pk: `result#${hash}`, sk: sortable(page) });

export function resultHash(pages: readonly ResultPage[]): string {
  return sha256(canonicalJson(pages));
}

/** Results lie under their own hash: writing one again changes nothing. */
export async function saveResult(operations: Operations, pages: readonly ResultPage[]): Promise<string> {
  const { database, operationsTable, clock } = operations;
  const hash = resultHash(pages);
  const expiresAt = Math.floor(clock.now() / 1000) + keptSeconds;
  await forEachInFlight(16, pages.entries(), async ([index, page]) => {
    const body = gzipSync(canonicalJson(page)).toString("base64");
    await database.put(operationsTable, { ...key(hash, index), body, expiresAt });
  });
  return hash;
}

export async function readResultPage(
  { database, operationsTable }: Operations,
  hash: string,
  page: number,
): Promise<ResultPage | undefined> {
  const item = await database.get(operationsTable, key(hash, page));
  if (typeof item?.body !== "string") return undefined;
  const text = gunzipSync(Buffer.from(item.body, "base64")).toString("utf8");
  return ResultPage.parse(JSON.parse(text));
}
