import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { openApiDocument } from "../functions/contract/openapi.ts";
import { operations } from "../functions/contract/operations.ts";

// Writes docs/openapi.json; with --check it only compares and fails if the file is stale.

const file = new URL("openapi.json", import.meta.url);
const manifest = new URL("../package.json", import.meta.url);
const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(manifest, "utf8")));
const wanted = `${JSON.stringify(openApiDocument(Object.values(operations), version), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const found = await readFile(file, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error("docs/openapi.json is stale: run node docs/generate-openapi.ts");
    process.exitCode = 1;
  }
} else {
  await writeFile(file, wanted);
}
