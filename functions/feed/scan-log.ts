import { onLambda } from "../kit/lambda.ts";
import { scheduled } from "../kit/scheduled.ts";

/** Finds commits whose wake-up was lost. */
export const create = scheduled(async ({ relay }, observer) => {
  const found = await relay.scan();
  observer.measure("LostWakeUps", found);
  if (found > 0) observer.logger.warn("commits had not been woken", { found });
});
export const handler = onLambda(create);
