import { createWriteStream } from "node:fs";
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

/** @param from a file that feed export wrote; undefined: the exchange */
export async function writeExport(
  session: Session,
  kind: ExportKind,
  file: string,
  from: string | undefined,
): Promise<void> {
  await writers[kind](from === undefined ? pagesOfExchange(session) : pagesOfFile(session, from), file);
}
