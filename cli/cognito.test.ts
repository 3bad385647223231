import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type CommandLine, createCommandLine } from "../test/command-line.ts";
import { readProfiles } from "./profiles.ts";
import { claimSignature, srpKeys, timestampOf } from "./srp.ts";

/** A server's number, and signatures that amazon-cognito-identity-js 6.3.21 made for it. */
const serverPublic = `${"9c5d0b3f".repeat(95)}7a11`;
const vectors = [
  {
    secret: "0f".repeat(128),
    begins: "739560adae8367056b63bc39c6420b79443be760",
    salt: "f3a1c2d4e5b60718293a4b5c6d7e8f90",
    signature: "BMLOZgRlr8BnlR0SBOIfb2CSqGGVOvxndlF969gyZQQ=",
  },
  {
    secret: "9b".repeat(128),
    begins: "ee29a5a4dc8f9ecbe86548cef58082a6376eeab1",
    salt: "07a1c2",
    signature: "3HwDZ5SAEvHH+rir3LAr9FD2iElL9XRNFRWSLrIsyJM=",
  },
];

describe("a password's proof", () => {
  test.each(vectors)(
    "is the one that Amazon's own client makes, salt $salt",
    ({ secret, begins, salt, signature }) => {
      const keys = srpKeys(BigInt(`0x${secret}`));
      expect(keys.public.startsWith(begins)).toBe(true);
      const challenge = { userId: "5f0c2a1e-user", salt, serverPublic, secretBlock: "c2VjcmV0IGJsb2Nr" };
      const at = timestampOf(Date.parse("2026-03-02T02:00:30Z"));
      expect(at).toBe("Mon Mar 2 02:00:30 UTC 2026");
      expect(claimSignature("Ab12Cd34E", "Correct-horse-9", keys, challenge, at)).toBe(signature);
      expect(claimSignature("Ab12Cd34E", "correct-horse-9", keys, challenge, at)).not.toBe(signature);
    },
  );

  test("is refused to a server whose number would give the password away", () => {
    const challenge = { userId: "u", salt: "07", serverPublic: "0", secretBlock: "" };
    expect(() => claimSignature("p", "w", srpKeys(), challenge, "")).toThrow("not valid");
  });
});

const Asked = z.object({
  AuthFlow: z.string().optional(),
  ChallengeName: z.string().optional(),
  ClientId: z.string(),
  Session: z.string().optional(),
  AuthParameters: z.record(z.string(), z.string()).optional(),
  ChallengeResponses: z.record(z.string(), z.string()).optional(),
});

const tokenOf = (seconds: number, owner = "acme") =>
  [
    "{}",
    JSON.stringify({ sub: "u-1", "custom:owner": owner, "cognito:groups": ["tenant"], exp: seconds }),
    "",
  ]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".");
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

let server: Server;
let asked: z.infer<typeof Asked>[];
let targets: (string | undefined)[];
let answers: { readonly status?: number; readonly body: unknown }[];
let shell: CommandLine;

beforeEach(async () => {
  [asked, targets, answers] = [[], [], []];
  server = createServer(async (request, response) => {
    targets.push(request.headers["x-amz-target"]?.toString());
    asked.push(Asked.parse(await json(request)));
    const { status = 200, body } = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  shell = createCommandLine();
  Object.assign(shell.env, {
    SUANWANG_COGNITO_URL: `http://127.0.0.1:${address.port}`,
    SUANWANG_URL: "http://127.0.0.1:9",
  });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  shell.remove();
});

const login = ["login", "--pool", "eu-west-1_Ab12Cd34E", "--client", "client-1", "--user", "ann"];
const verifier = {
  body: {
    ChallengeName: "PASSWORD_VERIFIER",
    ChallengeParameters: {
      USER_ID_FOR_SRP: "u-1",
      SALT: "07a1c2",
      SRP_B: serverPublic,
      SECRET_BLOCK: "c2VjcmV0IGJsb2Nr",
    },
    Session: "s-1",
  },
};
const granted = (token: string) => ({
  body: { AuthenticationResult: { IdToken: token, RefreshToken: "refresh-1" } },
});

describe("login to a user pool", () => {
  test("proves the password from standard input without sending it, and keeps the ID token", async () => {
    const token = tokenOf(inAnHour());
    answers = [verifier, granted(token)];
    const { code, out, err } = await shell.suanwang(login, { stdin: "Correct-horse-9\n" });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("owner    acme\nroles    tenant\n");
    expect(targets).toEqual([
      "AWSCognitoIdentityProviderService.InitiateAuth",
      "AWSCognitoIdentityProviderService.RespondToAuthChallenge",
    ]);
    expect(asked[0]).toMatchObject({ AuthFlow: "USER_SRP_AUTH", AuthParameters: { USERNAME: "ann" } });
    const { TIMESTAMP, PASSWORD_CLAIM_SIGNATURE } = asked[1]?.ChallengeResponses ?? {};
    expect(TIMESTAMP).toMatch(/^\w{3} \w{3} \d{1,2} [\d:]{8} UTC \d{4}$/);
    expect(PASSWORD_CLAIM_SIGNATURE).toMatch(/^[\w+/]{43}=$/);
    expect(JSON.stringify(asked)).not.toContain("Correct-horse-9");
    expect(readProfiles(shell.env).profiles.default).toMatchObject({
      url: "http://127.0.0.1:9",
      token,
    });
  });

  test("takes a new password from the next line where the first one was an administrator's", async () => {
    const challenge = {
      body: { ChallengeName: "NEW_PASSWORD_REQUIRED", ChallengeParameters: {}, Session: "s-2" },
    };
    answers = [verifier, challenge, granted(tokenOf(inAnHour()))];
    expect((await shell.suanwang(login, { stdin: "Temporary-1\nCorrect-horse-9\n" })).code).toBe(0);
    expect(asked[2]).toMatchObject({
      ChallengeName: "NEW_PASSWORD_REQUIRED",
      Session: "s-2",
      ChallengeResponses: { USERNAME: "u-1", NEW_PASSWORD: "Correct-horse-9" },
    });
  });

  test.each([
    [
      "a wrong password",
      { status: 400, body: { __type: "NotAuthorizedException", message: "Incorrect username or password." } },
      "login-refused The user pool says NotAuthorizedException: Incorrect username or password.\n",
    ],
    [
      "a second factor",
      { body: { ChallengeName: "SOFTWARE_TOKEN_MFA", ChallengeParameters: {} } },
      "login-refused The user pool asks for SOFTWARE_TOKEN_MFA, which this program cannot answer: log in elsewhere and give the ID token with --token.\n",
    ],
  ])("is refused for %s, in a line", async (_, answer, line) => {
    answers = [verifier, answer];
    expect(await shell.suanwang(login, { stdin: "pw\n" })).toEqual({ code: 5, out: "", err: line });
    expect(readProfiles(shell.env).profiles).toEqual({});
  });

  test("is renewed when its token has run out, before the exchange is asked", async () => {
    answers = [
      verifier,
      granted(tokenOf(1)),
      { body: { AuthenticationResult: { IdToken: tokenOf(inAnHour(), "acme2") } } },
    ];
    await shell.suanwang(login, { stdin: "pw\n" });
    // The exchange itself is not there.
    const { code } = await shell.suanwang("job list", { env: { SUANWANG_URL: "http://127.0.0.1:9" } });
    expect(code).toBe(6);
    expect(asked.at(-1)).toMatchObject({
      AuthFlow: "REFRESH_TOKEN_AUTH",
      AuthParameters: { REFRESH_TOKEN: "refresh-1" },
    });
    expect((await shell.suanwang("whoami")).out).toContain("owner    acme2");
  });

  test("needs a password, and is no login without one", async () => {
    expect(await shell.suanwang(login, { stdin: "" })).toMatchObject({
      code: 2,
      err: "usage password is missing: give it on standard input, a line of its own\n",
    });
    expect(asked).toEqual([]);
  });
});
