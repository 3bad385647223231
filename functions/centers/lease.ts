import type { CenterId } from "../../events/catalog/values.ts";
import { rules } from "../../market/rules.ts";
import type { Access } from "../kit/host.ts";

type Operations = Pick<Access, "database" | "operationsTable" | "clock">;

const leaseKey = (center: CenterId) => ({ pk: `lease#${center}`, sk: "lease" });

/** Market time (ms) until which each center's lease holds; a center without one is left out. */
export async function leasesUntil(
  { database, operationsTable }: Operations,
  centers: readonly CenterId[],
): Promise<ReadonlyMap<string, number>> {
  const items = await database.getMany(operationsTable, centers.map(leaseKey));
  const byKey = new Map(items.map(({ pk, until }) => [pk, until]));
  return new Map(
    centers.flatMap((center) => {
      const until = byKey.get(leaseKey(center).pk);
      return typeof until === "number" ? [[center, until] as const] : [];
    }),
  );
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
