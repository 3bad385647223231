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
# bert.yaml: npx suanwang quote -f bert.yaml; npx suanwang job post -f bert.yaml --key bert-2
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

**Finance.** Days close by themselves after midnight in Shanghai; \`finance close\` is for one that stands still. A tenant
sees its own invoices by the same commands, a center its own payouts.

\`\`\`sh
npx suanwang login --owner clearing-house --role finance
npx suanwang period list                                    # how each day stands
npx suanwang finance balance                                # the ledger over all closed days
npx suanwang finance entries center:xian:payable --period 2026-03-02 --all
npx suanwang finance invoice acme 2026-03-02 --html acme.html   # to read and to print
npx suanwang finance statements --period 2026-03-02         # what each center is paid
npx suanwang finance pay xian 2026-03-02 --reference 20260303-17
npx suanwang break list                                     # what the match found
npx suanwang finance export focus-parquet focus.parquet     # for other programs
\`\`\`

**Proofs.** A head, \`SIZE:ROOT\`, stands for the first SIZE commits of the log: ROOT is the root of their Merkle tree
(RFC 6962). Keep the heads that \`feed head\` shows, apart from all that is checked against them. Finance sees the newest,
tenants and centers the one at the last daily close.

- \`feed export\` writes every page with the very text that was hashed. \`feed verify\` reads it from start to end and finds
  any page or commit that was edited, deleted, put in, moved or cut off, also if all hashes were made anew behind it. The
  head is one of \`feed head\` (with \`--ignore-after\` if the file goes on), or the hash of its last page, such as the
  \`feedHash\` of a closed day (\`period get\`); the hash also covers where pages begin and end. It keeps one page and one
  number per stream in memory.
- \`feed prove\` gives a tenant the commit that posted its charge, with the hashes beside it on the way up to the root;
  \`feed check-proof\` works the root out from them.
- \`feed consistency\` proves that today's log begins with the one that a head stood for.

\`verify\` and \`check-proof\` need no exchange, database or network. Neither they nor \`consistency\` share any code with
the exchange.

\`\`\`
$ npx suanwang feed prove 095805aba01a6fc2b41bcbf95c.4:end:4191284-4191286 proof.json
commit number  206
head           1633:e89a7617b344a71d0c8fa28258b8d3d33d1cb1b03504036d6081cbf9bb619f11
…
$ npx suanwang feed check-proof proof.json --head 1633:e89a7617b344a71d0c8fa28258b8d3d33d1cb1b03504036d6081cbf9bb619f11
proven          commit 206 of 1,633
settlement day  2017-10-25
compute         14.336 CNY from tenant:vc-0e4a51 to center:xian
tenant pays     14.336 CNY
…
$ npx suanwang feed check-proof with-a-digit-more.json --head 1633:e89a7617…; echo $?
proof-not-in-log file: the commit is not number 206 of the log of that head.
7
\`\`\`
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
