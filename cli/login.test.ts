import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openIssuer } from "../infra/local/issuer.ts";
import { type CommandLine, createCommandLine } from "../test/command-line.ts";
import { profilesFile, readProfiles } from "./profiles.ts";

let shell: CommandLine;
let data: string;
beforeEach(async () => {
  shell = createCommandLine();
  data = join(shell.folder, "data");
  mkdirSync(data);
  await openIssuer(data);
});
afterEach(() => shell.remove());

const login = (words: string) => shell.suanwang(`login --data ${data} ${words}`);

describe("login to a local exchange", () => {
  test("makes a token that the exchange verifies, in a file that only its owner reads", async () => {
    const { code, out, err } = await login("--owner acme --role tenant --role center --hours 2");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^profile {2}default\nurl {6}http:\/\/127\.0\.0\.1:8080\nowner {4}acme\nroles {4}tenant, center\nsubject {2}local-acme\nuntil {4}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(\+08:00, real time\)\n$/,
    );
    const token = readProfiles(shell.env).profiles.default?.token ?? "";
    const issuer = await openIssuer(data);
    expect(await issuer.verify(token)).toMatchObject({
      "custom:owner": "acme",
      "cognito:groups": ["tenant", "center"],
    });
    const file = profilesFile(shell.env);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  });

  test("closes a file of profiles that others could read", async () => {
    await login("--owner acme --role tenant");
    const file = profilesFile(shell.env);
    chmodSync(file, 0o644);
    await login("--owner acme --role tenant");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["--role tenant", "usage --owner: say in whose name, or give --pool or --token\n"],
    ["--owner acme", "usage --role: say in which role: center, tenant, finance, operator\n"],
    [
      "--owner acme --role boss",
      "usage option '--role <role...>' argument 'boss' is invalid. Allowed choices are center, tenant, finance, operator.\n",
    ],
    [
      "--owner a.b --role tenant",
      "usage --owner: a.b is no name of an owner: 1 to 64 letters, digits, - or _\n",
    ],
    ["--owner acme --role tenant --hours 0", "usage --hours: from 1 to 8760, a year\n"],
    ["--owner acme --role tenant --hours 8761", "usage --hours: from 1 to 8760, a year\n"],
  ])("with %j alone is refused, and nothing is kept", async (words, err) => {
    expect(await login(words)).toEqual({ code: 2, out: "", err });
    expect(readProfiles(shell.env).profiles).toEqual({});
  });

  test("makes no keys where there is no exchange", async () => {
    const empty = join(shell.folder, "empty");
    mkdirSync(empty);
    const { code, err } = await shell.suanwang(`login --data ${empty} --owner acme --role tenant`);
    expect(code).toBe(2);
    expect(err).toBe(
      `usage --data: ${empty} holds no exchange: start one with npm start, or give its folder\n`,
    );
    expect(() => statSync(join(empty, "issuer.json"))).toThrow();
  });
});

describe("profiles", () => {
  test("stand side by side; the last login is in use until another is chosen, and logout forgets one", async () => {
    await login("--profile acme --owner acme --role tenant");
    await login("--profile money --owner clearing-house --role finance --url http://127.0.0.1:9");
    expect((await shell.suanwang("whoami")).out).toContain("owner    clearing-house");
    expect((await shell.suanwang("whoami --profile acme")).out).toContain("owner    acme");
    await shell.suanwang("profile use acme");
    expect((await shell.suanwang("profile list")).out).toBe(
      "* acme  http://127.0.0.1:8080  acme  tenant\n  money  http://127.0.0.1:9  clearing-house  finance\n",
    );
    expect(await shell.suanwang("logout")).toMatchObject({ code: 0 });
    expect(await shell.suanwang("whoami")).toMatchObject({
      code: 5,
      err: "not-logged-in Log in first: suanwang login, or set SUANWANG_TOKEN.\n",
    });
    expect(readFileSync(profilesFile(shell.env), "utf8")).not.toContain('"acme"');
  });

  test("give way to the environment", async () => {
    await login("--owner acme --role tenant");
    const issuer = await openIssuer(data);
    const SUANWANG_TOKEN = await issuer.mint({ owner: "other", roles: ["center"], seconds: 60 });
    const SUANWANG_URL = "http://127.0.0.1:9";
    const { out } = await shell.suanwang("whoami -o json", { env: { SUANWANG_TOKEN, SUANWANG_URL } });
    expect(JSON.parse(out)).toMatchObject({ owner: "other", roles: ["center"], url: SUANWANG_URL });
  });

  test("a token in the environment may end with its line; one that is none is not told to anybody", async () => {
    const issuer = await openIssuer(data);
    const token = await issuer.mint({ owner: "other", roles: ["center"], seconds: 60 });
    const ran = await shell.suanwang("whoami", { env: { SUANWANG_TOKEN: `${token}\r\n` } });
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining("owner    other") });
    for (const SUANWANG_TOKEN of ["half a\ntoken", "schlüssel"])
      expect(await shell.suanwang("job list", { env: { SUANWANG_TOKEN } })).toEqual({
        code: 2,
        out: "",
        err: "usage SUANWANG_TOKEN: is no token: give one as `login` or the user pool gave it\n",
      });
  });

  test("do not tell their token to another exchange", async () => {
    await login("--owner acme --role tenant");
    expect(await shell.suanwang("job list --url http://127.0.0.1:9")).toMatchObject({ code: 5 });
    expect(await shell.suanwang("job list", { env: { SUANWANG_URL: "http://127.0.0.1:9" } })).toMatchObject({
      code: 5,
    });
  });

  test("are not guessed at when their file is damaged", async () => {
    await login("--owner acme --role tenant");
    const file = profilesFile(shell.env);
    writeFileSync(file, "{");
    expect(await shell.suanwang("whoami")).toEqual({
      code: 2,
      out: "",
      err: `profiles-damaged ${file} is not readable: delete it and log in again.\n`,
    });
  });
});

test("a token at hand is taken from standard input, and nothing else is", async () => {
  const issuer = await openIssuer(data);
  const token = await issuer.mint({ owner: "acme", roles: ["tenant"], seconds: 60 });
  expect(await shell.suanwang("login --token -", { stdin: `${token}\n` })).toMatchObject({ code: 0 });
  expect(readProfiles(shell.env).profiles.default?.token).toBe(token);
  expect(await shell.suanwang("login --token hello")).toMatchObject({ code: 2 });
});
