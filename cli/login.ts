import { createInterface } from "node:readline";
import { Command, Option } from "@commander-js/extra-typings";
import { roles } from "../functions/contract/operation.ts";
import { openIssuer, refusedToken } from "../infra/local/issuer.ts";
import { logInToPool } from "./cognito.ts";
import { Failure, usage } from "./failure.ts";
import { time } from "./figures.ts";
import type { Io } from "./io.ts";
import { type Profile, profilesFile, readProfiles, writeProfiles } from "./profiles.ts";
import { whole } from "./request-body.ts";
import { connectionOf, defaultUrl, type Session } from "./session.ts";
import { record } from "./table.ts";
import { holderOf } from "./token-claims.ts";

const hoursMax = 365 * 24;

type Granted = Pick<Profile, "token" | "renewal">;

export function loginCommand(session: Session) {
  const { io } = session;
  return new Command("login")
    .description(
      "Keep a token for an exchange: of a local one (--owner, --role), of a user pool (--pool), or one at hand (--token)",
    )
    .option("--data <dir>", "data folder of the local exchange (default: .suanwang)")
    .option("--owner <owner>", "local exchange: in whose name")
    .addOption(new Option("--role <role...>", "local exchange: in which roles").choices(roles))
    .option("--hours <n>", "local exchange: how long the token holds", whole, 24)
    .option("--pool <id>", "Cognito user pool, the stack's output UserPoolId")
    .option("--client <id>", "its app client, the stack's output UserPoolClientId")
    .option("--user <name>", "its user; the password is asked for, or read from standard input")
    .option("--token <token>", "a token that you have; - reads it from standard input")
    .action(async (options) => {
      const granted = await grant(io, options);
      if (holderOf(granted.token) === undefined) throw usage("this is no token: give a JWT", "--token");
      const { profile, url } = session.globals();
      const known = readProfiles(io.env);
      const name = profile ?? (io.env.SUANWANG_PROFILE || known.current);
      const target = url ?? (io.env.SUANWANG_URL || known.profiles[name]?.url || defaultUrl);
      if (!URL.canParse(target)) throw usage(`${target} is no URL`, "--url");
      const kept: Profile = { url: target, ...granted };
      writeProfiles(io.env, { current: name, profiles: { ...known.profiles, [name]: kept } });
      await showHolder(session, { profile: name, url: target, token: granted.token });
    });
}

interface LoginOptions {
  readonly data?: string | undefined;
  readonly owner?: string | undefined;
  readonly role?: readonly string[] | undefined;
  readonly hours: number;
  readonly pool?: string | undefined;
  readonly client?: string | undefined;
  readonly user?: string | undefined;
  readonly token?: string | undefined;
}

async function grant(io: Io, options: LoginOptions): Promise<Granted> {
  const { data = ".suanwang", owner, role, hours, pool, client, user, token } = options;
  const secrets = secretsOf(io);
  if (token !== undefined) return { token: token === "-" ? await secrets("Token") : token };
  if (pool !== undefined) {
    if (client === undefined) throw usage("the pool's app client is missing", "--client");
    if (user === undefined) throw usage("the pool's user is missing", "--user");
    const password = await secrets("Password");
    return logInToPool(io, { pool, client, user, password, newPassword: () => secrets("New password") });
  }
  if (owner === undefined) throw usage("say in whose name, or give --pool or --token", "--owner");
  if (hours < 1 || hours > hoursMax) throw usage(`from 1 to ${hoursMax}, a year`, "--hours");
  if (role === undefined || role.length === 0)
    throw usage(`say in which role: ${roles.join(", ")}`, "--role");
  const refused = refusedToken(owner, data);
  if (refused !== undefined) throw usage(refused.problem, refused.option);
  const issuer = await openIssuer(data);
  return { token: await issuer.mint({ owner, roles: role, seconds: hours * 3600 }) };
}

/** Secrets never stand on the command line: one is asked for on the terminal, or is the next line of standard input. */
function secretsOf(io: Io): (name: string) => Promise<string> {
  let lines: AsyncIterator<string> | undefined;
  return async (name) => {
    if (io.askSecret !== undefined) return io.askSecret(`${name}: `);
    lines ??= createInterface({ input: io.stdin })[Symbol.asyncIterator]();
    const next = await lines.next();
    if (next.done === true || next.value.trim() === "")
      throw usage(`${name.toLowerCase()} is missing: give it on standard input, a line of its own`);
    return next.value.trim();
  };
}

export function logoutCommand(session: Session) {
  const { io } = session;
  return new Command("logout").description("Forget the profile's token").action(async () => {
    const known = readProfiles(io.env);
    const { profile: name } = connectionOf(io, session.globals());
    const { [name]: gone, ...rest } = known.profiles;
    if (gone === undefined)
      throw new Failure("forbidden", "not-logged-in", `The profile ${name} is not logged in.`);
    writeProfiles(io.env, { current: known.current === name ? "default" : known.current, profiles: rest });
    await session.show(
      { profile: name, url: gone.url },
      () => `logged out of ${gone.url} (profile ${name})\n`,
    );
  });
}

export function whoamiCommand(session: Session) {
  return new Command("whoami")
    .description("Who the profile's token says that you are; the exchange is not asked")
    .action(async () => {
      const { profile, url, token } = connectionOf(session.io, session.globals());
      if (token === undefined)
        throw new Failure(
          "forbidden",
          "not-logged-in",
          "Log in first: suanwang login, or set SUANWANG_TOKEN.",
        );
      await showHolder(session, { profile, url, token });
    });
}

async function showHolder(
  session: Session,
  { profile, url, token }: { readonly profile: string; readonly url: string; readonly token: string },
): Promise<void> {
  const { owner, roles: held = [], subject, until } = holderOf(token) ?? {};
  await session.show({ profile, url, owner, roles: held, subject, until }, () =>
    record([
      ["profile", profile],
      ["url", url],
      ["owner", owner],
      ["roles", held.join(", ")],
      ["subject", subject],
      ["until", until === undefined ? undefined : `${time(until)} (+08:00, real time)`],
    ]),
  );
}

export function profileCommands(session: Session): Command {
  const { io } = session;
  const group = new Command("profile").description(
    `Logins side by side, kept in ${"$XDG_CONFIG_HOME"}/suanwang/profiles.json`,
  );
  group
    .command("list")
    .description("All profiles, the one in use marked")
    .action(async () => {
      const { current, profiles } = readProfiles(io.env);
      const rows = Object.entries(profiles).map(([profile, { url, token }]) => {
        const { owner, roles: held = [], until } = holderOf(token) ?? {};
        return { profile, current: profile === current, url, owner, roles: held, until };
      });
      await session.show(rows, () =>
        rows
          .map(
            ({ profile, current: used, url, owner = "", roles: held }) =>
              `${used ? "*" : " "} ${profile}  ${url}  ${owner}  ${held.join(", ")}\n`,
          )
          .join(""),
      );
    });
  group
    .command("use")
    .description("Use a profile from now on")
    .argument("<profile>")
    .action(async (name) => {
      const known = readProfiles(io.env);
      const profile = known.profiles[name];
      if (profile === undefined)
        throw usage(
          `there is no profile ${name} in ${profilesFile(io.env)}: suanwang login --profile ${name}`,
          "profile",
        );
      writeProfiles(io.env, { ...known, current: name });
      await session.show({ profile: name, url: profile.url }, () => `${name}  ${profile.url}\n`);
    });
  return group;
}
