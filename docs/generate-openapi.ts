import { readFile, writeFile } from "node:fs/promises";
import { openApiDocument } from "../functions/contract/openapi.ts";
import { operations } from "../functions/contract/operations.ts";
import { apiVersion } from "../functions/contract/version.ts";

// Writes docs/openapi.json; with --check it only compares and fails if the file is stale.

const file = new URL("openapi.json", import.meta.url);
const wanted = `${JSON.stringify(openApiDocument(Object.values(operations), apiVersion), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const found = await readFile(file, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error("docs/openapi.json is stale: run node docs/generate-openapi.ts");
    process.exitCode = 1;
  }
} else {
  await writeFile(file, wanted);
}
