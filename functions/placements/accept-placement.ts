import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { centerCall } from "./center-call.ts";

export const create = endpoint(operations.acceptPlacement, async (call) => {
  const { params, body, now } = call;
  const command = { type: "Accept", placement: params.placement, center: body.center, at: now } as const;
  const { body: answer } = await centerCall(call, command);
  return { body: answer };
});
export const handler = onLambda(create);
