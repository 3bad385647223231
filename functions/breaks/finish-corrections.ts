import { BreakId } from "../../events/catalog/values.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import { onLambda } from "../kit/lambda.ts";
import { subscriber } from "../kit/subscriber.ts";
import { loadBreak } from "./break-resource.ts";
import { finishCorrection } from "./correct-charge.ts";

/** Amends the charge of a break whose resolution was cut off before it did. */
export const create = subscriber(async (access, { id }) => {
  const { state } = await loadBreak(access, BreakId.parse(id));
  if (state.phase === "resolved")
    await finishCorrection(access, state, exchangeCommand(access, `correct/${id}`, `break-${id}`));
});
export const handler = onLambda(create);
