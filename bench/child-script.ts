import { spawn } from "node:child_process";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Ended {
  /** Null: it ended well. Otherwise why not. */
  readonly failure: string | null;
}

/** Left alone, Node lets garbage of the youngest generation grow to some 190 MB before it looks at it. */
const youngSpace = "--max-semi-space-size=16";

export interface Watch {
  /** After which it is killed. */
  readonly seconds: number;
  /** Is handed each line of JSON that the script writes. */
  readonly take: (message: unknown) => void;
  /** Of Node, beside those that keep its memory small. */
  readonly options?: readonly string[];
}

/** Runs a script in a process of its own, which has its own memory and may hang or crash. */
export async function runScript(
  script: URL,
  words: readonly string[],
  { seconds, take, options = [] }: Watch,
): Promise<Ended> {
  const file = fileURLToPath(script);
  const child = spawn(process.execPath, [youngSpace, ...options, file, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("error", (error) => resolve({ failure: error.message }));
    child.once("close", (code, signal) =>
      resolve({
        failure: code === 0 ? null : `${basename(file)} ended with ${signal ?? `exit code ${code}`}`,
      }),
    );
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  try {
    for await (const line of createInterface({ input: child.stdout })) take(JSON.parse(line));
    return await ended;
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}
