import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/**
 * What a file holds for good: this text, unless it is there already; also where others begin at the same moment, or
 * one of them is killed at it. Whole or not there at all.
 */
export function writtenOnce(file: string, text: string, mode = 0o666): string {
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text, { mode });
    try {
      // Unlike a rename, a link does not replace what is there.
      linkSync(draft, file);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return readFileSync(file, "utf8");
}
