/** Splits a line of CSV; fields may be quoted with doubled quotes inside. */
export function fieldsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .slice(0, line.endsWith(",") ? undefined : -1)
    .map(([, field = ""]) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}

/** The rows of a CSV text without line breaks in fields, by column. */
export function rowsOf(csv: string): Record<string, string>[] {
  const [header = "", ...lines] = csv.trimEnd().split(/\r?\n/);
  const columns = fieldsOf(header);
  return lines.map((line) => {
    const fields = fieldsOf(line);
    return Object.fromEntries(columns.map((column, n) => [column, fields[n] ?? ""]));
  });
}

/** The header and those rows of a CSV text that are wanted, each line untouched. */
export function selectRows(csv: string, wanted: (row: Record<string, string>) => boolean): string {
  const [header = "", ...lines] = csv.trimEnd().split(/\r?\n/);
  const rows = rowsOf(csv);
  const kept = lines.filter((_, n) => {
    const row = rows[n];
    return row !== undefined && wanted(row);
  });
  return `${[header, ...kept].join("\n")}\n`;
}
