import type { Session } from "../../events/catalog/values.ts";

/** What an auction reached, and what none could have: decimal mills. */
export interface Certified {
  readonly welfare: string;
  readonly bound: string;
}

export interface CertifiedAuction extends Certified {
  readonly session: Session;
  readonly bids: number;
}

/** (bound - welfare) / bound: the most that a better result could have added. 0 where nothing could be gained. */
export function gapOf({ welfare, bound }: Certified): number {
  const most = Number(bound);
  return most > 0 ? Number(BigInt(bound) - BigInt(welfare)) / most : 0;
}

/** The gaps of a session's auctions that had bids: all together, each weighing what its bound is worth, and the worst. */
export function gapLines(auctions: readonly CertifiedAuction[]): string[] {
  return (["spot", "forward"] as const).flatMap((session) => {
    const own = auctions.filter((auction) => auction.session === session && auction.bids > 0);
    if (own.length === 0) return [];
    const sum = (of: (auction: Certified) => string) =>
      String(own.reduce((total, auction) => total + BigInt(of(auction)), 0n));
    const all = gapOf({ welfare: sum(({ welfare }) => welfare), bound: sum(({ bound }) => bound) });
    const worst = Math.max(...own.map(gapOf));
    return [
      `gap to the bound, ${session}: ${percent(all)} by value, worst ${percent(worst)}, ${own.length} auctions with bids`,
    ];
  });
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
