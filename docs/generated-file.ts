import { readFile, writeFile } from "node:fs/promises";

/** Writes a generated file of this folder; with --check it only compares, and fails the process if the file is stale. */
export async function writeOrCheck(name: string, wanted: string): Promise<void> {
  const file = new URL(name, import.meta.url);
  if (!process.argv.includes("--check")) return writeFile(file, wanted);
  const found = await readFile(file, "utf8").catch(() => "");
  if (found === wanted) return;
  console.error(`docs/${name} is stale: run npm run docs`);
  process.exitCode = 1;
}
