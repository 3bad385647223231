import { readFileSync, writeFileSync } from "node:fs";

/** Text between `<!-- NAME:begin … -->` and `<!-- NAME:end -->` replaced. @throws Error if the marks are not there. */
export function withSection(document: string, name: string, section: string): string {
  const begin = new RegExp(`<!-- ${name}:begin[^>]*-->\n`).exec(document);
  const end = document.indexOf(`<!-- ${name}:end -->`);
  if (begin === null || end < begin.index) throw new Error(`the document has no section ${name}`);
  return `${document.slice(0, begin.index + begin[0].length)}\n${section.trim()}\n\n${document.slice(end)}`;
}

export function writeSection(file: URL, name: string, section: string): void {
  writeFileSync(file, withSection(readFileSync(file, "utf8"), name, section));
}

/** A table in Markdown, as the formatter of editors lays it out; all columns but the first are right-aligned. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, n) => (n === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
