import type { Database, Item } from "../../events/store/dynamo.ts";
import type { HostedBy } from "../../infra/local/invoker.ts";

/** When something was durable in the log, ms of `performance.now()`. */
export interface Stamps {
  /** By auction and event: `1 GateClosed`; of several the last. */
  readonly auctions: ReadonlyMap<string, number>;
  /** Pages of awards, by auction. */
  readonly pages: ReadonlyMap<number, number>;
  /** Of the last JobPlaced of each auction, and how many there were. */
  readonly placed: ReadonlyMap<number, { readonly last: number; readonly jobs: number }>;
  /** Ms that each function ran, all invocations together, and how many there were. */
  readonly functions: ReadonlyMap<string, { readonly ms: number; readonly calls: number }>;
}

export interface Watch extends Stamps {
  readonly hostedBy: HostedBy;
}

/** Everything in one process, as the local exchange runs it, with an eye on what becomes durable and when. */
export function createWatch(): Watch {
  const auctions = new Map<string, number>();
  const pages = new Map<number, number>();
  const placed = new Map<number, { last: number; jobs: number }>();
  const functions = new Map<string, { ms: number; calls: number }>();
  const note = ({ pk, bytes }: Item) => {
    if (typeof pk !== "string" || typeof bytes !== "string") return;
    const now = performance.now();
    if (pk.startsWith("auction-")) noteAuction(Number(pk.slice("auction-".length)), bytes, now);
    if (!pk.startsWith("job-") || !bytes.includes('"type":"JobPlaced"')) return;
    const auction = Number(/"auction":(\d+)/.exec(bytes)?.[1]);
    placed.set(auction, { last: now, jobs: (placed.get(auction)?.jobs ?? 0) + 1 });
  };
  const noteAuction = (auction: number, bytes: string, now: number) => {
    for (const [, type] of bytes.matchAll(/"type":"(\w+)"/g)) {
      auctions.set(`${auction} ${type}`, now);
      if (type === "AwardsPublished") pages.set(auction, (pages.get(auction) ?? 0) + 1);
    }
  };
  const watched = (inner: Database): Database => ({
    ...inner,
    async put(table, item, anyOf) {
      const written = await inner.put(table, item, anyOf);
      if (written) note(item);
      return written;
    },
  });
  return {
    auctions,
    pages,
    placed,
    functions,
    hostedBy: (parts, start) => {
      const process = start({ ...parts, database: watched(parts.database) });
      return (name, make) => {
        const run = make(process);
        return async (event, context) => {
          const began = performance.now();
          try {
            return await run(event, context);
          } finally {
            const { ms, calls } = functions.get(name) ?? { ms: 0, calls: 0 };
            functions.set(name, { ms: ms + performance.now() - began, calls: calls + 1 });
          }
        };
      };
    },
  };
}
