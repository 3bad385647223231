import { instant, slotOf } from "../../market/time.ts";
import { operations } from "../contract/operations.ts";
import { publicEndpoint } from "../kit/endpoint.ts";
import { onLambdaAlone } from "../kit/lambda.ts";

export const create = publicEndpoint(operations.getHealth, async ({ now }) => ({
  body: { status: "ok" as const, marketTime: instant(now), slot: slotOf(now) },
}));
export const handler = onLambdaAlone(create);
