import { SLOT_SECONDS } from "../time.ts";
import { type BookState, isOnMarket } from "./book-state.ts";
import { endOfAll, type Slots } from "./capacity-left.ts";

/** A dedicated line on sale: whole Gbps that are free in every slot on sale. */
export interface LinkLeft {
  readonly a: string;
  readonly b: string;
  readonly gbps: number;
  readonly latencyMs: number;
  readonly perGB: number;
}

/** Lines between centers that are on the market, less what earlier awards took: the least that any slot has left. */
export function linksLeft(book: BookState, { from, to }: Slots): LinkLeft[] {
  const taken = gigabitsTaken(book, { from, to });
  return [...book.centers.values()]
    .filter(isOnMarket)
    .flatMap(({ spec, links }) => links.map((link) => ({ a: spec.center, link })))
    .filter(({ link }) => isOnMarket(book.centers.get(link.to)))
    .map(({ a, link }) => {
      const most = Math.max(0, ...(taken.get(`${a}~${link.to}`) ?? []));
      const gbps = Math.max(0, Math.floor(link.gbps - most / SLOT_SECONDS));
      return { a, b: link.to, gbps, latencyMs: link.latencyMs, perGB: link.perGB };
    })
    .sort((x, y) => (`${x.a}~${x.b}` < `${y.a}~${y.b}` ? -1 : 1));
}

function gigabitsTaken(book: BookState, { from, to }: Slots): Map<string, Float64Array> {
  const taken = new Map<string, Float64Array>();
  for (const job of book.jobs.values())
    for (const award of job.awards)
      for (const use of award.links) {
        const row = taken.get(use.link) ?? new Float64Array(to - from);
        taken.set(use.link, row);
        const end = Math.min(use.to, endOfAll(award), to);
        for (let slot = Math.max(use.from, from); slot < end; slot++)
          row[slot - from] = (row[slot - from] ?? 0) + use.gigabits;
      }
  return taken;
}
