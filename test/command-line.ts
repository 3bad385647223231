import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { run } from "../cli/program.ts";

/** What a run of the program left: its streams and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of waiting; by default the program must not wait. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface CommandLine {
  /** Runs the program in this process; words are separated by blanks, or given as a list. */
  suanwang(words: string | readonly string[], options?: RunOptions): Promise<Ran>;
  /** Environment of all its runs: a home of its own, and nothing else. */
  readonly env: Record<string, string>;
  readonly folder: string;
  remove(): void;
}

export function createCommandLine(): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), "suanwang-cli-"));
  const env: Record<string, string> = { XDG_CONFIG_HOME: join(folder, "config") };
  return {
    env,
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    async suanwang(words, options = {}) {
      const argv = typeof words === "string" ? words.split(" ").filter((word) => word !== "") : words;
      let [out, err] = ["", ""];
      const code = await run(argv, {
        env: { ...env, ...options.env },
        stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
        out: async (text) => {
          out += text;
        },
        err: (line) => {
          err += `${line}\n`;
        },
        sleep: options.sleep ?? (() => Promise.reject(new Error("the program waits"))),
      });
      return { code, out, err };
    },
  };
}
