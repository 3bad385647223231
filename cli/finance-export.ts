import { Argument, Command } from "@commander-js/extra-typings";
import { usage } from "./failure.ts";
import type { Session } from "./session.ts";
import { record } from "./table.ts";

/** What the feed can be written as. */
const kinds = ["journal", "focus-csv", "focus-parquet", "focus-spreadsheet", "log-parquet"] as const;
export type ExportKind = (typeof kinds)[number];

export function exportCommand(session: Session) {
  return new Command("export")
    .description("Write the whole feed as a file for other programs")
    .addArgument(
      new Argument(
        "<kind>",
        "journal: money, for hledger; focus-csv, focus-parquet: cost and usage as FOCUS has it; focus-spreadsheet: the same CSV, with no name that a spreadsheet runs as a formula; log-parquet: every event, for SQL",
      ).choices(kinds),
    )
    .argument("<file>", "where to; one that is there is replaced")
    .option("--from <export>", "read it from a file that feed export wrote, .gz or not")
    .action(async (kind, file, { from }) => {
      if (from === "-") throw usage("exports read their pages twice: give a file", "--from");
      const { writeExport } = await import("./export-writers.ts");
      await writeExport(session, kind, file, from).catch((error: unknown) => {
        if (!isFileFault(error)) throw error;
        throw usage(`${error.path === `${file}.part` ? file : error.path}: ${error.code}`, "file");
      });
      await session.show({ kind, file }, () =>
        record([
          ["kind", kind],
          ["file", file],
        ]),
      );
    });
}

function isFileFault(error: unknown): error is Error & { readonly code: string; readonly path: string } {
  return error instanceof Error && "code" in error && "path" in error;
}
