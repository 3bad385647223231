import { absenceBefore } from "../auctions/closed-gates.ts";
import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { centerCall } from "./center-call.ts";

export const create = endpoint(operations.finishPlacement, async (call) => {
  const { params, body, now } = call;
  const { center, run, outcome, detail } = body;
  const { placement } = params;
  const absence = await absenceBefore(call.access);
  const away = absence === undefined ? {} : { absence };
  const command = { type: "Finish", placement, center, run, outcome, detail, at: now, ...away } as const;
  const { body: answer } = await centerCall(call, command);
  return { body: answer };
});
export const handler = onLambda(create);
