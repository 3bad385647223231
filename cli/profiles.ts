import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Failure } from "./failure.ts";

/** How a profile's token is renewed where a user pool gave it. */
const Renewal = z.object({ pool: z.string(), client: z.string(), refreshToken: z.string() });
export const Profile = z.object({ url: z.string(), token: z.string(), renewal: Renewal.optional() });
export type Profile = z.infer<typeof Profile>;

const Profiles = z.object({ current: z.string(), profiles: z.record(z.string(), Profile) });
export type Profiles = z.infer<typeof Profiles>;

type Env = Readonly<Record<string, string | undefined>>;

/** `$XDG_CONFIG_HOME/suanwang/profiles.json`, by default below `~/.config`. */
export function profilesFile(env: Env): string {
  const base = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config");
  return join(base, "suanwang", "profiles.json");
}

/** @throws Failure if the file is not what this program wrote */
export function readProfiles(env: Env): Profiles {
  const file = profilesFile(env);
  if (!existsSync(file)) return { current: "default", profiles: {} };
  try {
    return Profiles.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new Failure("usage", "profiles-damaged", `${file} is not readable: delete it and log in again.`);
  }
}

/** Tokens are secrets: the file is its owner's only, and never half-written. */
export function writeProfiles(env: Env, profiles: Profiles): void {
  const file = profilesFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, file);
}
