import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { run } from "./program.ts";

// The process around the program: streams, Ctrl-C, exit code.

/** Typed characters go nowhere. */
async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.on("SIGINT", () => process.exit(exitCodes.interrupted[0]));
  try {
    return (await terminal.question("")).trim();
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}

const io: Io = {
  env: process.env,
  stdin: process.stdin,
  out: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
  err: (line) => process.stderr.write(`${line}\n`),
  sleep: async (ms) => sleep(ms),
  ...(process.stdin.isTTY ? { askSecret } : {}),
};

process.on("SIGINT", () => process.exit(exitCodes.interrupted[0]));
process.stdout.on("error", (error: Error & { code?: string }) => {
  process.exit(error.code === "EPIPE" ? exitCodes.closedPipe[0] : exitCodes.unexpected[0]);
});
process.exit(await run(process.argv.slice(2), io));
