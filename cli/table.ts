import Table from "cli-table3";

/** Text for people; a number is aligned to the right. */
export interface Column<Row> {
  readonly head: string;
  readonly right?: boolean;
  of(row: Row): string | number | undefined;
}

const none = { "top-mid": "", "bottom-mid": "", "left-mid": "", "mid-mid": "", "right-mid": "" };
const bare = {
  ...none,
  top: "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  mid: "",
  right: "",
  middle: "  ",
};
const style = { "padding-left": 0, "padding-right": 0, head: [], border: [] };

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  if (rows.length === 0) return "nothing\n";
  const grid = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ right }) => (right === true ? "right" : "left")),
    chars: bare,
    style,
  });
  for (const row of rows) grid.push(columns.map((column) => cell(column.of(row))));
  return lines(grid.toString());
}

/** One thing, field by field; what is undefined is left out. */
export function record(fields: readonly (readonly [string, string | number | undefined])[]): string {
  const grid = new Table({ chars: bare, style });
  for (const [name, value] of fields) if (value !== undefined) grid.push([name, cell(value)]);
  return lines(grid.toString());
}

function cell(value: string | number | undefined): string {
  return withoutControls(String(value ?? ""));
}

/** Names are written by others: what steers a terminal is not passed on. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\uFFFD");
}

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
