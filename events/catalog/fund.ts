import * as z from "zod";
import { defineEvent, type EventsOf } from "./definition.ts";
import { CenterId, DepositId, MillsText, PayoutId } from "./values.ts";

// Stream `fund-default`. Names and fields are storage format.

export const DefaultFundContributed = defineEvent(
  "DefaultFundContributed",
  1,
  "Money came into the default fund, which bears what centers owe beyond their guarantees.",
  z.object({ contribution: DepositId, mills: MillsText }),
);
export const DefaultFundDrawn = defineEvent(
  "DefaultFundDrawn",
  1,
  "The default fund bore what a center owed.",
  z.object({ payout: PayoutId, center: CenterId, mills: MillsText, left: MillsText }),
);
export const fundEvents = [DefaultFundContributed, DefaultFundDrawn] as const;
export type FundEvent = EventsOf<typeof fundEvents>;
