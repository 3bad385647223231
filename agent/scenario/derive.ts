import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deriveDay } from "./derivation/day.ts";
import { selectData } from "./derivation/select.ts";

/**
 * Makes the default scenario: `node agent/scenario/derive.ts [RAW]`. With the folder of the raw data sets it first
 * writes the shipped parts in data/; then, or alone, day.json from them and the assumptions.
 */
const data = join(import.meta.dirname, "data");
const raw = process.argv[2];
if (raw !== undefined) selectData(raw, data);
writeFileSync(join(import.meta.dirname, "day.json"), `${JSON.stringify(deriveDay(data), null, 2)}\n`);
