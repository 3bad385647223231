import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Book, Result } from "../../market/clearing/instance.ts";
import type { Warm } from "../../market/clearing/search.ts";
import { assertBook } from "../../market/clearing/validate.ts";

/** A file that is not what it should be, or cannot be used; the message names the file, the field and the fix. */
export class UnreadableFile extends Error {
  constructor(file: string, complaints: readonly string[]) {
    const more = complaints.length > 10 ? [`and ${complaints.length - 10} more`] : [];
    super(`${file}: ${[...complaints.slice(0, 10), ...more].join("\n  ")}`);
    this.name = "UnreadableFile";
  }
}

const isGzip = (file: string) => file.endsWith(".gz");

/** JSON of a file, unpacked if its name ends in .gz. @throws UnreadableFile */
export function readJson(file: string): unknown {
  const bytes = attempt(file, "cannot be read", () => readFileSync(file));
  const text = attempt(file, "is no whole gzip file: pack it, or end its name in .json", () =>
    isGzip(file) ? gunzipSync(bytes) : bytes,
  ).toString("utf8");
  return attempt(file, "is no JSON, and JSON has no NaN or Infinity: write numbers out", () =>
    JSON.parse(text),
  );
}

function attempt<Value>(file: string, wrong: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    throw new UnreadableFile(file, [`${wrong} (${error instanceof Error ? error.message : String(error)})`]);
  }
}

/** That a file can be written, which is better known before there is something to write. @throws UnreadableFile */
export function assertWritable(file: string): void {
  attempt(file, "cannot be written", () => closeSync(openSync(file, "a")));
}

/** Packed if the name ends in .gz. */
export function writeJson(file: string, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  writeFileSync(file, isGzip(file) ? gzipSync(text, { level: 9 }) : text);
}

/** An instance that can be cleared. @throws UnreadableFile that names every field and its fix */
export function readInstance(file: string): Book {
  const value = readJson(file);
  const complaints: string[] = [];
  if (!hasBookShape(value, complaints)) throw new UnreadableFile(file, complaints);
  try {
    assertBook(value);
  } catch (error) {
    const wrong = error instanceof Error && "complaints" in error ? error.complaints : null;
    throw Array.isArray(wrong) ? new UnreadableFile(file, wrong.map(String)) : error;
  }
  return value;
}

/** A result as the interchange format has it, with its certificate `bound`. */
export function writeResult(
  file: string,
  { welfare, bound, accepted, div, prices, linkPrices }: Result,
): void {
  writeJson(file, { welfare, bound, accepted, div, prices, linkPrices });
}

/** The prices of an earlier result, for a book of the same pools, links and slots. @throws UnreadableFile */
export function readPrices(file: string, book: Book): Warm {
  const value = readJson(file);
  const complaints: string[] = [];
  if (!hasPrices(value, complaints)) throw new UnreadableFile(file, complaints);
  checkRows(value.prices, "prices", book.pools.length, book.T, complaints);
  checkRows(value.linkPrices, "linkPrices", book.links.length, book.T, complaints);
  if (complaints.length > 0) throw new UnreadableFile(file, complaints);
  return value;
}

function checkRows(rows: Warm["prices"], name: string, count: number, slots: number, wrong: string[]): void {
  for (const [row, values] of Object.entries(rows)) {
    if (!(Number(row) < count)) wrong.push(`${name}.${row}: the instance has ${count} rows, remove it`);
    if (values.length !== slots)
      wrong.push(`${name}.${row}: has ${values.length} prices, must have ${slots}, one for each slot`);
  }
}

type Rule = "number" | "numbers" | "string" | "boolean" | "id" | readonly [Shape];
interface Shape {
  readonly [field: string]: { readonly is: Rule; readonly optional: boolean };
}

const must = (is: Rule) => ({ is, optional: false });
const may = (is: Rule) => ({ is, optional: true });

/** Types of all fields; what values they may have is the engine's to say. Fields not named here are ignored. */
const bookShape: Shape = {
  T: must("number"),
  slotSeconds: may("number"),
  tick: may("number"),
  products: must([{ kw: must("number") }]),
  centers: must([
    { region: must("number"), pue: must("number"), energy: must("numbers"), carbon: may("numbers") },
  ]),
  links: must([
    {
      a: must("number"),
      b: must("number"),
      gbps: must("number"),
      latMs: must("number"),
      perGB: must("number"),
    },
  ]),
  pools: must([{ c: must("number"), p: must("number") }]),
  offers: must([
    {
      id: may("id"),
      pool: must("number"),
      from: must("number"),
      to: must("number"),
      q: must("number"),
      reserve: must("number"),
      minRun: may("number"),
      of: may("id"),
      sold: may("numbers"),
      reclaimable: may("boolean"),
    },
  ]),
  bids: must([
    {
      id: may("id"),
      kind: must("string"),
      g: must("number"),
      floor: may("number"),
      d: may("number"),
      from: must("number"),
      to: must("number"),
      prods: must([{ p: must("number"), limit: must("number"), d: may("number") }]),
      home: must("number"),
      dataGB: may("number"),
      regions: may("numbers"),
      pools: may("numbers"),
      maxLat: may("number"),
      rank: may("number"),
      kmax: may("number"),
      chunk: may("number"),
      bw: may("number"),
      syncLat: may("number"),
      stage: may("number"),
      group: may("id"),
      parent: may("id"),
      reclaimable: may("boolean"),
    },
  ]),
};

function hasBookShape(value: unknown, complaints: string[]): value is Book {
  checkShape(value, bookShape, "", complaints);
  return complaints.length === 0;
}

function hasPrices(value: unknown, complaints: string[]): value is Warm {
  for (const name of ["prices", "linkPrices"]) {
    const rows = isRecord(value) ? value[name] : undefined;
    if (!isRecord(rows)) complaints.push(`${name}: must be an object of rows, as a result has it`);
    else
      for (const [row, values] of Object.entries(rows))
        if (!areNumbers(values)) complaints.push(`${name}.${row}: must be an array of numbers`);
  }
  return complaints.length === 0;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const areNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === "number");

function checkShape(value: unknown, shape: Shape, at: string, complaints: string[]): void {
  if (!isRecord(value)) {
    complaints.push(`${at === "" ? "the file" : at}: must be an object, not ${shown(value)}`);
    return;
  }
  for (const [field, { is, optional }] of Object.entries(shape)) {
    const own = value[field];
    if (optional && own === undefined) continue;
    checkField(own, is, at === "" ? field : `${at}.${field}`, complaints);
  }
}

function checkField(value: unknown, is: Rule, at: string, complaints: string[]): void {
  if (typeof is !== "string") {
    if (!Array.isArray(value)) complaints.push(`${at}: must be an array, not ${shown(value)}`);
    else
      value.forEach((each, i) => {
        checkShape(each, is[0], `${at}[${i}]`, complaints);
      });
    return;
  }
  if (is === "numbers" && !areNumbers(value))
    complaints.push(`${at}: must be an array of numbers, not ${shown(value)}`);
  if (is === "id" && typeof value !== "number" && typeof value !== "string")
    complaints.push(`${at}: must be a number or a string, not ${shown(value)}`);
  if ((is === "number" || is === "string" || is === "boolean") && typeof value !== is)
    complaints.push(`${at}: must be a ${is}, not ${shown(value)}`);
}

function shown(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)} …` : text;
}
