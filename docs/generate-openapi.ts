import { openApiDocument } from "../functions/contract/openapi.ts";
import { operations } from "../functions/contract/operations.ts";
import { apiVersion } from "../functions/contract/version.ts";
import { writeOrCheck } from "./generated-file.ts";

// Writes docs/openapi.json; with --check it only compares and fails if the file is stale.

await writeOrCheck(
  "openapi.json",
  `${JSON.stringify(openApiDocument(Object.values(operations), apiVersion), null, 2)}\n`,
);
