import tab from "@bomb.sh/tab/commander";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { Command } from "commander";
import { listJobs } from "../functions/contract/jobs.ts";
import { listCenters, listProducts } from "../functions/contract/market.ts";
import { listOffers } from "../functions/contract/offers.ts";
import { readProfiles } from "./profiles.ts";
import type { Session } from "./session.ts";

/** A value that may stand at a place, with what it is. */
interface Name {
  readonly value: string;
  readonly says: string;
}
type Source = "products" | "centers" | "jobs" | "offers" | "profiles" | "files";
type Names = ReadonlyMap<Source, readonly Name[]>;

/** Options and arguments whose values the exchange, or this machine, knows. */
const sources: Readonly<Record<string, Source>> = {
  product: "products",
  center: "centers",
  home: "centers",
  job: "jobs",
  offer: "offers",
  profile: "profiles",
  file: "files",
  data: "files",
};

/** An answer that takes longer is no help to who presses Tab. */
const patienceMs = 800;

export function completes(argv: readonly string[]): boolean {
  return argv[0] === "complete" && argv[1] === "--";
}

/** The names for the last of the words, asked from the exchange; none if it does not answer in time. */
export async function namesFor(
  root: CommandUnknownOpts,
  words: readonly string[],
  session: Session,
): Promise<Names> {
  const source = sourceAt(root, words);
  if (source === undefined) return new Map();
  const late = new Promise<readonly Name[]>((resolve) => setTimeout(resolve, patienceMs, []).unref());
  const names = await Promise.race([look(source, session).catch(() => []), late]);
  return new Map([[source, names]]);
}

/** Which source the last word is of: an option's value, or a command's argument. */
function sourceAt(root: CommandUnknownOpts, words: readonly string[]): Source | undefined {
  const before = words.slice(0, -1);
  const [inline] = /^--\w[\w-]*(?==)/.exec(words.at(-1) ?? "") ?? [];
  let [command, position] = [root, 0];
  const optionOf = (word: string | undefined) =>
    [...command.options, ...root.options].find(({ short, long }) => word === short || word === long);
  for (const [index, word] of before.entries()) {
    const sub = command.commands.find((each) => each.name() === word);
    if (sub !== undefined) command = sub;
    else if (!word.startsWith("-") && optionOf(before[index - 1])?.required !== true) position += 1;
  }
  const option = optionOf(inline ?? before.at(-1));
  if (option?.required === true) return sources[option.name()];
  const argument = command.registeredArguments[position];
  return argument === undefined ? undefined : sources[argument.name()];
}

async function look(source: Source, session: Session): Promise<readonly Name[]> {
  switch (source) {
    case "products": {
      const { answer } = await session.ask(listProducts);
      return answer.items.map(({ product, cards }) => ({ value: product, says: `${cards} cards` }));
    }
    case "centers": {
      const { answer } = await session.ask(listCenters);
      return answer.items.map(({ center, name }) => ({ value: center, says: name }));
    }
    case "jobs": {
      const { answer } = await session.ask(listJobs);
      return answer.items.map(({ job, name, status }) => ({ value: job, says: `${name} ${status}`.trim() }));
    }
    case "offers": {
      const { answer } = await session.ask(listOffers);
      return answer.items.map(({ offer, center, product, status }) => ({
        value: offer,
        says: `${center} ${product} ${status}`,
      }));
    }
    case "profiles":
      return Object.entries(readProfiles(session.io.env).profiles).map(([value, { url }]) => ({
        value,
        says: url,
      }));
    case "files":
      return [];
  }
}

/** Adds the command `complete` for bash, zsh, fish and powershell. */
export function addCompletion(root: CommandUnknownOpts, names: Names): void {
  // The typings' command is commander's own.
  if (!(root instanceof Command)) throw new TypeError("no command of commander");
  const completion = tab(root);
  const valuesOf = (name: string) => {
    const source = sources[name];
    return source === undefined ? undefined : (names.get(source) ?? []);
  };
  for (const command of completion.commands.values()) {
    // The library offers a command its own options only, and the shell the same ones everywhere.
    for (const [name, { description, handler, alias }] of completion.options)
      if (handler === undefined) command.option(name, description, alias);
      else command.option(name, description, handler, alias);
    for (const each of [...command.options.values(), ...command.arguments.values()]) {
      const values = valuesOf("value" in each ? each.value : each.name);
      if (values === undefined) continue;
      each.handler = (complete) => {
        for (const { value, says } of values) complete(value, says);
      };
    }
  }
}
