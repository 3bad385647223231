import type { Readable } from "node:stream";

/** All that the program sees of the process: tests hand it their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Resolves once whoever reads is ready for more. */
  out(text: string): Promise<void>;
  err(line: string): void;
  /** Asks on the terminal without showing what is typed; undefined: there is no terminal. */
  askSecret?(question: string): Promise<string>;
  sleep(ms: number): Promise<void>;
}
