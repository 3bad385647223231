import { createWriteStream, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeFocusCsv, writeFocusParquet } from "../exports/focus-files.ts";
import { journalOf } from "../exports/journal.ts";
import { writeLogParquet } from "../exports/log-table.ts";
import type { Pages } from "../exports/pages.ts";
import { pagesOfExchange, pagesOfFile } from "./feed-pages.ts";
import type { ExportKind } from "./finance-export.ts";
import type { Session } from "./session.ts";

// Loaded by whoever exports only: the libraries and the catalog take time to load.

const writers: Readonly<Record<ExportKind, (pages: Pages, file: string) => Promise<void>>> = {
  journal: (pages, file) => pipeline(Readable.from(journalOf(pages())), createWriteStream(file)),
  "focus-csv": (pages, file) => writeFocusCsv(pages, file),
  "focus-parquet": writeFocusParquet,
  "focus-spreadsheet": (pages, file) => writeFocusCsv(pages, file, "spreadsheet"),
  "log-parquet": (pages, file) => writeLogParquet(pages(), file),
};

/**
 * The file takes its name when it is whole: half a journal would read as one with less in it, and an older file stays as
 * long as there is no newer one. What is there and no file, such as a pipe, is written to.
 * @param from a file that feed export wrote; undefined: the exchange
 */
export async function writeExport(
  session: Session,
  kind: ExportKind,
  file: string,
  from: string | undefined,
): Promise<void> {
  const pages = from === undefined ? pagesOfExchange(session) : pagesOfFile(session, from);
  const older = statSync(file, { throwIfNoEntry: false });
  if (older !== undefined && !older.isFile()) return writers[kind](pages, file);
  const target = older === undefined ? file : realpathSync(file);
  const part = `${target}.part`;
  try {
    await writers[kind](pages, part);
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
