import { operations } from "../contract/operations.ts";
import { endpoint } from "../kit/endpoint.ts";
import { onLambda } from "../kit/lambda.ts";
import { assertCurrent, centerCall } from "./center-call.ts";

export const create = endpoint(operations.meterPlacement, async (call) => {
  const { params, body, now } = call;
  const { center, run, from, to, cardSeconds, cards, checkpointAt } = body;
  const usage = { center, from, to, cardSeconds };
  const checkpoint = checkpointAt === undefined ? {} : { checkpointAt };
  const fewest = cards === undefined ? {} : { cards };
  const { placement } = params;
  const report = { placement, center, run, usage, ...fewest, ...checkpoint };
  const command = { type: "Meter", ...report, at: now } as const;
  const answered = await centerCall(call, command);
  assertCurrent(answered, run);
  const { body: answer } = answered;
  return { body: answer };
});
export const handler = onLambda(create);
