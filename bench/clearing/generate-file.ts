import { generateInstance, instanceNames, shapes } from "./generate.ts";
import { writeJson } from "./interchange.ts";

// `node bench/clearing/generate-file.ts NAME SEED FILE`: another instance of the same kind as one in instances/.
const [kind, seed, file] = process.argv.slice(2);
const name = instanceNames.find((each) => each === kind);
if (name === undefined || seed === undefined || file === undefined) {
  console.error(`node bench/clearing/generate-file.ts ${instanceNames.join("|")} SEED FILE`);
  process.exitCode = 2;
} else writeJson(file, generateInstance(shapes[name], seed));
