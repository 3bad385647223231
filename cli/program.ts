import { Command, CommanderError, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { apiVersion } from "../functions/contract/version.ts";
import { accountCommands } from "./account.ts";
import { breakCommands } from "./break.ts";
import { centerCommands } from "./center.ts";
import { addCompletion, completes, namesFor } from "./completion.ts";
import { defaultFundCommands } from "./default-fund.ts";
import { shown, usage } from "./failure.ts";
import { feedCommands } from "./feed.ts";
import { financeCommands } from "./finance.ts";
import type { Io } from "./io.ts";
import { jobCommands, whyCommand } from "./job.ts";
import { loginCommand, logoutCommand, profileCommands, whoamiCommand } from "./login.ts";
import { marketCommands } from "./market.ts";
import { offerCommands } from "./offer.ts";
import { periodCommands } from "./period.ts";
import { placementCommands } from "./placement.ts";
import { quoteCommand } from "./quote.ts";
import { healthCommand, openApiCommand } from "./service.ts";
import { createSession, formats, type Session } from "./session.ts";

export interface Program {
  readonly root: CommandUnknownOpts;
  readonly session: Session;
  /** Help and version, which are asked for and no error. */
  readonly said: readonly string[];
}

/** The whole command line; nothing is read or asked before it is parsed. */
export function createProgram(io: Io): Program {
  const root = new Command("suanwang")
    .description("Suanwang, a power exchange for AI compute")
    .version(apiVersion)
    .addOption(
      new Option("-o, --output <format>", "table for people; json and yaml are the API's answer")
        .choices(formats)
        .default("table" as const),
    )
    .option("--profile <name>", "login to use (default: SUANWANG_PROFILE, or the last one)")
    .option(
      "--url <url>",
      "the exchange's API (default: SUANWANG_URL, the profile's, or http://127.0.0.1:8080)",
    )
    .option("-v, --verbose", "say on stderr what is asked, with its Idempotency-Key");
  const session = createSession(io, () => root.opts());
  const commands: readonly CommandUnknownOpts[] = [
    offerCommands(session),
    jobCommands(session),
    quoteCommand(session),
    whyCommand(session),
    marketCommands(session),
    centerCommands(session),
    placementCommands(session),
    accountCommands(session),
    periodCommands(session),
    breakCommands(session),
    defaultFundCommands(session),
    financeCommands(session),
    feedCommands(session),
    healthCommand(session),
    openApiCommand(session),
    loginCommand(session),
    logoutCommand(session),
    whoamiCommand(session),
    profileCommands(session),
  ];
  for (const command of commands) root.addCommand(command);
  const said: string[] = [];
  quieten(root, [], said);
  return { root, session, said };
}

/** Errors are thrown, not printed: `run` says them its own way. */
function quieten(command: CommandUnknownOpts, above: readonly string[], said: string[]): void {
  const path = [...above, command.name()];
  const names = command.commands.map((sub) => sub.name());
  command
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => said.push(text), writeErr: () => undefined })
    .exitOverride((error) => {
      if (error.code !== "commander.help" || error.exitCode === 0) throw error;
      throw usage(`${path.join(" ")} takes a command: ${names.join(", ")}`);
    });
  for (const sub of command.commands) quieten(sub, path, said);
}

/** @returns the exit code; whatever was wrong has been said on stderr */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { root, session, said } = createProgram(io);
  try {
    addCompletion(root, completes(argv) ? await namesFor(root, argv.slice(2), session) : new Map());
    if (argv.length === 0) root.outputHelp();
    else await root.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError && error.exitCode === 0)) return report(error, argv, session);
  }
  if (said.length > 0) await io.out(said.join(""));
  return 0;
}

function report(error: unknown, argv: readonly string[], session: Session): number {
  const { exit, lines, problem } = shown(error);
  if (formatAsked(argv, session) === "json") session.io.err(JSON.stringify(problem));
  else for (const line of lines) session.io.err(line);
  return exit;
}

/** Where the command line could not be parsed to its end, what it said of the format holds all the same. */
function formatAsked(argv: readonly string[], session: Session): string {
  const text = argv.join(" ");
  return /(?:^|\s)(?:-o[ =]?|--output[ =])json(?:\s|$)/.test(text) ? "json" : session.globals().output;
}
