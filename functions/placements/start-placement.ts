import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { centerCall } from "./center-call.ts";

export const create = endpoint(operations.startPlacement, async (call) => {
  const { params, body, now } = call;
  const { center, run } = body;
  const command = { type: "Start", placement: params.placement, center, run, at: now } as const;
  const { body: answer } = await centerCall(call, command);
  return { body: answer };
});
export const handler = onLambda(create);
