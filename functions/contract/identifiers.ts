// What clients name things with: they know the contract and nothing else of the exchange.
import * as z from "zod";
import { AccountId, CenterId, MillsText, OwnerId, ProductId } from "../../events/catalog/values.ts";

export { AccountId, CenterId, MillsText, OwnerId, ProductId };

/** A settlement day as a client names it: one that the calendar has. */
export const Day = z.iso.date("a day of the calendar, YYYY-MM-DD").brand<"Period">();
