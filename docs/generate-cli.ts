import { Readable } from "node:stream";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { exitCodes } from "../cli/exit-codes.ts";
import { createProgram } from "../cli/program.ts";
import { writeOrCheck } from "./generated-file.ts";

// Writes docs/cli.md from the program's own commands; with --check it only compares and fails if the file is stale.

const introduction = `# The command line

Written by \`npm run docs\` from \`cli/\`: do not edit.

\`npx suanwang\` works in a clone after \`npm ci\`. It is a client of the API and of nothing else.

**Who you are.** \`login\` keeps a URL and a token in a profile (\`$XDG_CONFIG_HOME/suanwang/profiles.json\`, readable by you
only) and makes it the current one. \`SUANWANG_URL\` and \`SUANWANG_TOKEN\` win over the profile, \`--url\` over both. A
profile's token is sent to its own URL only.

\`\`\`sh
npx suanwang login --owner acme --role tenant               # a local exchange: by the keys in its folder (--data)
npx suanwang login --url https://… --pool eu-west-1_… --client … --user ann   # Cognito; the password is asked for
echo "$TOKEN" | npx suanwang login --url https://… --token - # any ID token
\`\`\`

The password of a user pool is proved by SRP and never sent; the login is renewed as long as the pool's refresh token
holds. A pool that asks for more (a second factor) is not supported: give its ID token.

**Output.** \`-o table\` is for people and may change: CNY, and market time (Asia/Shanghai). \`-o json\` and \`-o yaml\` are the
API's answer, field for field; with \`--all\` the items of all pages are joined, and what is watched comes as one line of
JSON, or one document of YAML, each time. On stderr stands nothing but errors, one line each: code, field, fix. With
\`-o json\` it is the problem document (RFC 9457).

**Slots** are numbers, ISO instants (market time unless they say \`Z\` or \`+hh:mm\`), or offsets from the exchange's market
time: \`+2h\`, \`+30m\`, \`+1d\`, \`+3\` (slots). An instant inside a slot means the next one where a range begins, and that slot
where it ends.

**Repeating.** Every POST has an \`Idempotency-Key\`: \`--key\`, or a random one that all tries of the request share and \`-v\`
shows. Give your own to repeat a command safely, for good.

**Bodies** may come from a file or standard input (\`-f\`), as JSON or YAML with the fields of the API; options win over it:

\`\`\`yaml
# bert.yaml: npx suanwang quote -f bert.yaml; npx suanwang job post -f bert.yaml --key bert-1
name: bert
products: [{ product: ascend910, limit: 300 }]
cards: 8
slots: 10
from: +1
to: +4h
home: wuhan
\`\`\`

**Completion**: \`source <(suanwang complete bash)\` (or \`zsh\`, \`fish\`, \`powershell\`), where \`suanwang\` is a command of your
shell, e.g. \`suanwang() { npx suanwang "$@"; }\`. It knows commands, options and values, and asks the exchange for
products, centers and your jobs and offers. File names it leaves to you.

**A feed's proof.** \`feed export\` writes every page with the very text that was hashed. \`feed verify\` reads it from start
to end with no exchange, database or network and finds any page that was edited, deleted, put in, moved or cut off, as
long as the head's hash comes from elsewhere than the file: \`feed head\`, or the \`feedHash\` of a closed day
(\`period get\`, then \`--ignore-after\`). It keeps one page and one number per stream in memory, and shares no code with the
exchange.
`;

function exitTable(): string[] {
  const rows = Object.values(exitCodes).map(([code, says]) => `| ${code} | ${says} |`);
  return ["## Exit codes", "", "| Code | |", "|---:|---|", ...rows, ""];
}

const text = (markdown: string) => markdown.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function optionRows(command: CommandUnknownOpts): string[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  if (options.length === 0) return [];
  const rows = options.map(({ flags, description, argChoices, defaultValue, mandatory }) => {
    const told = [
      argChoices === undefined ? description : `${description}.`,
      argChoices === undefined ? "" : `One of ${argChoices.join(", ")}.`,
      defaultValue === undefined ? "" : `Default: ${String(defaultValue)}.`,
      mandatory ? "Required." : "",
    ];
    return `| \`${flags.replaceAll("|", "\\|")}\` | ${text(told.filter((part) => part !== "").join(" "))} |`;
  });
  return ["| Option | |", "|---|---|", ...rows, ""];
}

function section(command: CommandUnknownOpts, path: readonly string[]): string[] {
  const name = [...path, command.name()];
  if (command.commands.length > 0)
    return [
      `## ${name.slice(1).join(" ")}`,
      "",
      `${text(command.description())}.`,
      "",
      ...command.commands.flatMap((sub) => section(sub, name)),
    ];
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [
    `${path.length > 1 ? "###" : "##"} ${name.slice(1).join(" ")}`,
    "",
    `\`${[...name, ...words].join(" ")}\``,
    "",
    `${text(command.description())}.`,
    "",
    ...command.registeredArguments.flatMap((argument) =>
      argument.description === "" ? [] : [`\`${argument.name()}\`: ${text(argument.description)}.`, ""],
    ),
    ...optionRows(command),
  ];
}

function page(): string {
  const { root } = createProgram({
    env: {},
    stdin: Readable.from([]),
    out: async () => undefined,
    err: () => undefined,
    sleep: async () => undefined,
  });
  const everywhere = ["## Everywhere", "", ...optionRows(root)];
  const sections = root.commands.flatMap((command) => section(command, [root.name()]));
  return `${[introduction, ...everywhere, ...exitTable(), ...sections].join("\n").trimEnd()}\n`;
}

await writeOrCheck("cli.md", page());
