import type { Book } from "../../market/clearing/instance.ts";

/** What makes instances of one kind alike; shares are of all bids unless said otherwise. */
export function statisticsOf({ T, bids, offers, pools, centers, links }: Book): Record<string, number> {
  const mean = (of: (bid: Book["bids"][number]) => number) =>
    bids.reduce((sum, bid) => sum + of(bid), 0) / bids.length;
  const share = (is: (bid: Book["bids"][number]) => boolean) => mean((bid) => (is(bid) ? 1 : 0));
  const asked = bids.reduce((sum, { g, d }) => sum + g * (d ?? 0), 0);
  const offered = offers.reduce((sum, { q, from, to }) => sum + q * (to - from), 0);
  return {
    slots: T,
    "pools a center": pools.length / centers.length,
    "links a pair of centers": links.length / ((centers.length * (centers.length - 1)) / 2),
    "asked over offered": asked / offered,
    block: share(({ kind }) => kind === "block"),
    div: share(({ kind }) => kind === "div"),
    "split of large ones":
      share(({ kind }) => kind === "split") /
      Math.max(
        share(({ g }) => g >= 16),
        1e-9,
      ),
    "more than one card": share(({ g }) => g > 1),
    "8 cards or more": share(({ g }) => g >= 8),
    "64 cards or more": share(({ g }) => g >= 64),
    "mean slots": mean(({ d }) => d ?? 0),
    "one slot": share(({ d }) => d === 1),
    "mean window": mean(({ from, to }) => to - from),
    "mean log of limit of the first product": mean(({ prods }) => Math.log(prods[0]?.limit ?? 1)),
    "two products": share(({ prods }) => prods.length > 1),
    "any region": share(({ regions }) => regions === undefined),
    "latency limited": share(({ maxLat }) => maxLat !== undefined),
    "without data": share(({ dataGB }) => (dataGB ?? 0) === 0),
    "more than 100 GB": share(({ dataGB }) => (dataGB ?? 0) > 100),
  };
}
