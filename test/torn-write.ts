import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

// `node --import torn-write.ts PROGRAM`: the process is killed half-way through the write to the file whose name ends
// with TORN_WRITE. What a crash makes of a file once in many thousand kills, here it does each time.

const victim = process.env.TORN_WRITE ?? "";
const write = fs.writeFileSync;
fs.writeFileSync = (file, data, options) => {
  const name = typeof file === "string" ? file.replace(/\.\d+$|\.new$/, "") : "";
  if (!name.endsWith(`/${victim}`) || typeof data !== "string") return write(file, data, options);
  write(file, data.slice(0, data.length / 2), options);
  process.kill(process.pid, "SIGKILL");
};
syncBuiltinESMExports();
