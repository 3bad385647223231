import { holdsAreSound } from "./accounts.ts";
import { chargesMatchAwards, nothingSoldTwice } from "./awards.ts";
import { type RawPage, readFeed } from "./feed.ts";
import { fatesOf } from "./leases.ts";
import { balanced } from "./ledger.ts";
import { reclaimedCardsAreBack } from "./reclaims.ts";
import { taxIsDue } from "./tax.ts";
import { type AuditCheck, verdict } from "./verdict.ts";

/** Recomputes the books from the raw pages of the feed, from the first to the last, by code of its own. */
export function audit(pages: readonly RawPage[]): AuditCheck[] {
  const { events, chainFaults, orderFaults } = readFeed(pages);
  const fates = fatesOf(events);
  return [
    verdict(
      "feed chain verified, every commit once and in order",
      [...chainFaults, ...orderFaults],
      `${pages.length} pages, ${events.length} events`,
    ),
    balanced(events),
    chargesMatchAwards(events, fates),
    taxIsDue(events),
    holdsAreSound(events),
    nothingSoldTwice(events, fates),
    reclaimedCardsAreBack(events, fates),
  ];
}
