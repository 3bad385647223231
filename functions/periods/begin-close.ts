import * as z from "zod";
import { periodOf, slotOf } from "../../market/time.ts";
import { onLambda } from "../kit/lambda.ts";
import { step } from "../kit/step.ts";
import { openPeriod } from "./open-period.ts";

/** Closes a settlement day that is over, the oldest first, by lists that have what the feed has now (decision 0126). */
export const create = step(z.object({}), async (access) => {
  const open = await openPeriod(access);
  const today = periodOf(slotOf(access.clock.now()));
  if (open === undefined || open.phase !== "open" || open.period >= today) return { next: "none" };
  return { next: "charge", period: open.period, cursor: "", upTo: (await access.feed.head()).position };
});
export const handler = onLambda(create);
