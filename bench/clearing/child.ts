import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Ended {
  /** Null: it ended well. Otherwise why not. */
  readonly failure: string | null;
}

/** Left alone, Node lets garbage of the youngest generation grow to some 190 MB before it looks at it. */
const youngSpace = "--max-semi-space-size=16";

/**
 * Runs a script of this folder in a process of its own, which has its own memory and may hang or crash, and hands over
 * each line of JSON that it writes. It is killed after so many seconds.
 */
export async function runChild(
  script: string,
  words: readonly string[],
  { seconds, take }: { readonly seconds: number; readonly take: (message: unknown) => void },
): Promise<Ended> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [youngSpace, file, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("error", (error) => resolve({ failure: error.message }));
    child.once("close", (code, signal) =>
      resolve({ failure: code === 0 ? null : `${script} ended with ${signal ?? `exit code ${code}`}` }),
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
