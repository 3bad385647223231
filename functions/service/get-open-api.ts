import { openApiDocument } from "../contract/openapi.ts";
import { operations } from "../contract/operations.ts";
import { apiVersion } from "../contract/version.ts";
import { publicEndpoint } from "../kit/endpoint.ts";
import { onLambdaAlone } from "../kit/lambda.ts";

export const create = publicEndpoint(operations.getOpenApi, async () => ({
  body: openApiDocument(Object.values(operations), apiVersion),
}));
export const handler = onLambdaAlone(create);
