import * as z from "zod";
import { FeedShape } from "./child-results.ts";
import { writeFeedFile } from "./feed-file.ts";
import { marketDays } from "./market-days.ts";

// Draws a feed into a file.

const { file, shape } = z
  .object({ file: z.string(), shape: FeedShape })
  .parse(JSON.parse(process.argv[2] ?? "null"));
const began = performance.now();
const size = await writeFeedFile(file, marketDays(shape));
console.log(JSON.stringify({ ...size, seconds: (performance.now() - began) / 1000 }));
