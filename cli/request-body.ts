import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { parseDocument, visit } from "yaml";
import { usage } from "./failure.ts";
import type { Session } from "./session.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The body that a file, `-` for standard input, holds as JSON or YAML, with what options say put over it. Slots may be
 * written in the file as on the command line. Nothing else is checked: the exchange says what is wrong with it.
 */
export async function bodyFrom(
  session: Session,
  file: string | undefined,
  options: Fields,
  defaults: Fields = {},
): Promise<Fields> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const written = file === undefined ? {} : await fieldsOf(session, file);
  const body: Fields = { ...defaults, ...written, ...given };
  const slots: Record<string, number> = {};
  for (const edge of ["from", "to"] as const) {
    const value = body[edge];
    if (typeof value === "string") slots[edge] = await session.slot(value, edge);
  }
  return { ...body, ...slots };
}

async function fieldsOf(session: Session, file: string): Promise<Fields> {
  const name = file === "-" ? "standard input" : file;
  const text = file === "-" ? String(await buffer(session.io.stdin)) : readText(file);
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const [why = ""] = fault.message.split("\n");
    throw usage(`${name} is neither JSON nor YAML: ${why}`, "--file");
  }
  // To YAML +1 is the number 1; to us it is the next slot.
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "number" && node.source?.startsWith("+")) node.value = node.source;
    },
  });
  const content: unknown = document.toJS();
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw usage(`${name} holds no object: write fields, such as cards: 8`, "--file");
  return { ...content };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw usage(`cannot read ${file}`, "--file");
  }
}

export const fileOption = () =>
  new Option("-f, --file <file>", "the body as JSON or YAML, - for standard input; options win over it");

/** A key that is drawn is used for all tries of the request; `-v` shows it. */
export const keyOption = () =>
  new Option(
    "--key <key>",
    "Idempotency-Key: the same for every repeat of the request (default: random)",
  ).argParser((text) => {
    if (!/^[\x21-\x7e]{1,255}$/.test(text))
      throw new InvalidArgumentError("Give 1 to 255 visible ASCII characters.");
    return text;
  });

export const matchOption = () =>
  new Option("--if-match <version>", "only if this is still the newest version").argParser(whole);

/** @throws InvalidArgumentError, which names the option */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

export function decimal(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("Give a number.");
  return number;
}

/** `12.5` CNY in mills, exactly. */
export function millsOf(text: string): string {
  const parts = /^(\d{1,24})(?:\.(\d{1,3}))?$/.exec(text);
  if (parts === null)
    throw new InvalidArgumentError(
      "Give an amount in CNY with at most three decimals, such as 5000 or 0.125.",
    );
  return BigInt(`${parts[1]}${(parts[2] ?? "").padEnd(3, "0")}`).toString();
}

/** Gathers an option that may be given again and again. */
export function gather<Value>(read: (text: string) => Value) {
  return (text: string, before: readonly Value[] | undefined): readonly Value[] => [
    ...(before ?? []),
    read(text),
  ];
}

export const asIs = (text: string): string => text;

/** Splits `a:b:c` into so many parts. */
export function parts(text: string, shape: string): string[] {
  const found = text.split(":");
  const wanted = shape.split(":");
  const least = wanted.filter((part) => !part.startsWith("[")).length;
  if (found.length < least || found.length > wanted.length || found.includes(""))
    throw new InvalidArgumentError(`Give ${shape.replaceAll(/[[\]]/g, "")}.`);
  return found;
}
