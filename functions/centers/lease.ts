import type { CenterId } from "../../events/catalog/values.ts";
import { rules } from "../../market/rules.ts";
import type { Access } from "../kit/host.ts";

type Operations = Pick<Access, "database" | "operationsTable" | "clock">;

const leaseKey = (center: CenterId) => ({ pk: `lease#${center}`, sk: "lease" });

/** Market time (ms) until which a center's lease holds; undefined: it has none. */
export async function leaseUntil(
  { database, operationsTable }: Operations,
  center: CenterId,
): Promise<number | undefined> {
  const item = await database.get(operationsTable, leaseKey(center));
  return typeof item?.until === "number" ? item.until : undefined;
}

/** Takes or renews a lease; gives the market time (ms) at which it runs out. */
export async function renew(
  { database, operationsTable, clock }: Operations,
  center: CenterId,
): Promise<number> {
  const until = clock.now() + rules.leaseMinutes * 60_000;
  await database.put(operationsTable, {
    ...leaseKey(center),
    until,
    expiresAt: Math.ceil(until / 1000) + 86_400,
  });
  return until;
}
