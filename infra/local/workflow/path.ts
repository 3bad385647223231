import { runtimeError } from "./errors.ts";
import { isJsonObject, type Json } from "./json.ts";

/** A path into a state's input, as `$` or `$.a.b`. */
export interface Path {
  readonly text: string;
  readonly keys: readonly string[];
}

/** The paths that the engine reads: no brackets, wildcards or filters. */
export const PATH = /^\$(?:\.[A-Za-z_]\w*)*$/;

/** @throws Error with the reason when the text is not a path of this kind. */
export function compilePath(text: string): Path {
  if (!PATH.test(text)) throw new Error(`"${text}" is not supported: only paths like $.a.b are`);
  return { text, keys: text.split(".").slice(1) };
}

/** The value a path names, undefined when there is none. */
export function findPath({ keys }: Path, input: Json): Json | undefined {
  let value: Json | undefined = input;
  for (const key of keys) {
    value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

/** @throws StatesError States.Runtime when the path names nothing. */
export function readPath(path: Path, input: Json): Json {
  const value = findPath(path, input);
  if (value === undefined) throw runtimeError(`The path '${path.text}' names nothing in the input`);
  return value;
}
