import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { assertCurrent, centerCall } from "./center-call.ts";

export const create = endpoint(operations.meterPlacement, async (call) => {
  const { params, body, now } = call;
  const { center, run, from, to, cardSeconds, checkpointAt } = body;
  const usage = { center, from, to, cardSeconds };
  const checkpoint = checkpointAt === undefined ? {} : { checkpointAt };
  const { placement } = params;
  const command = { type: "Meter", placement, center, run, usage, ...checkpoint, at: now } as const;
  const answered = await centerCall(call, command);
  assertCurrent(answered, run);
  const { body: answer } = answered;
  return { body: answer };
});
export const handler = onLambda(create);
