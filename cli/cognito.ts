import { z } from "zod";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import type { Profile } from "./profiles.ts";
import { claimSignature, srpKeys, timestampOf } from "./srp.ts";

/** A user pool's public operations take plain HTTPS: no AWS SDK and no AWS credentials are needed. */
const Tokens = z.object({ IdToken: z.string(), RefreshToken: z.string().optional() });
const Answer = z.object({
  ChallengeName: z.string().optional(),
  ChallengeParameters: z.record(z.string(), z.string()).optional(),
  Session: z.string().optional(),
  AuthenticationResult: Tokens.optional(),
});
type Answer = z.infer<typeof Answer>;
const Fault = z.object({ __type: z.string().optional(), message: z.string().optional() });

export interface PoolLogin {
  /** `REGION_ID`, output UserPoolId of the stack. */
  readonly pool: string;
  /** Output UserPoolClientId of the stack. */
  readonly client: string;
  readonly user: string;
  readonly password: string;
  /** Asked for when an administrator's first password is to be replaced. */
  newPassword(): Promise<string>;
}

type Granted = Pick<Profile, "token"> & { readonly renewal: NonNullable<Profile["renewal"]> | undefined };

/** @throws Failure if the pool refuses, or asks for what this program cannot do */
export async function logInToPool(io: Io, login: PoolLogin): Promise<Granted> {
  const { pool, client, user } = login;
  const keys = srpKeys();
  const first = await call(io, pool, "InitiateAuth", {
    AuthFlow: "USER_SRP_AUTH",
    ClientId: client,
    AuthParameters: { USERNAME: user, SRP_A: keys.public },
  });
  const parameters = first.ChallengeParameters ?? {};
  if (first.ChallengeName !== "PASSWORD_VERIFIER") throw unanswerable(first);
  const { USER_ID_FOR_SRP: userId, SALT: salt, SRP_B: serverPublic, SECRET_BLOCK: secretBlock } = parameters;
  if (!userId || !salt || !serverPublic || !secretBlock) throw unanswerable(first);
  const timestamp = timestampOf(Date.now());
  const challenge = { userId, salt, serverPublic, secretBlock };
  const proved = await respond(io, login, first, {
    USERNAME: userId,
    PASSWORD_CLAIM_SECRET_BLOCK: secretBlock,
    PASSWORD_CLAIM_SIGNATURE: claimSignature(poolName(pool), login.password, keys, challenge, timestamp),
    TIMESTAMP: timestamp,
  });
  const last =
    proved.ChallengeName === "NEW_PASSWORD_REQUIRED"
      ? await respond(io, login, proved, { USERNAME: userId, NEW_PASSWORD: await login.newPassword() })
      : proved;
  const result = last.AuthenticationResult;
  if (result === undefined) throw unanswerable(last);
  const { IdToken: token, RefreshToken: refreshToken } = result;
  return { token, renewal: refreshToken === undefined ? undefined : { pool, client, refreshToken } };
}

/** A new ID token for a profile whose token ran out. */
export async function renewed(
  io: Io,
  { pool, client, refreshToken }: NonNullable<Profile["renewal"]>,
): Promise<string> {
  const answer = await call(io, pool, "InitiateAuth", {
    AuthFlow: "REFRESH_TOKEN_AUTH",
    ClientId: client,
    AuthParameters: { REFRESH_TOKEN: refreshToken },
  });
  if (answer.AuthenticationResult === undefined) throw unanswerable(answer);
  return answer.AuthenticationResult.IdToken;
}

function respond(
  io: Io,
  { pool, client }: PoolLogin,
  { ChallengeName, Session }: Answer,
  ChallengeResponses: Readonly<Record<string, string>>,
): Promise<Answer> {
  return call(io, pool, "RespondToAuthChallenge", {
    ChallengeName,
    ClientId: client,
    ChallengeResponses,
    ...(Session === undefined ? {} : { Session }),
  });
}

async function call(io: Io, pool: string, operation: string, body: unknown): Promise<Answer> {
  const region = /^([a-z]{2}(?:-[a-z]+)+-\d)_\w+$/.exec(pool)?.[1];
  if (region === undefined)
    throw new Failure("usage", "usage", `${pool} is no user pool: eu-west-1_…`, "--pool");
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const url = io.env.SUANWANG_COGNITO_URL || `https://cognito-idp.${region}.${domain}`;
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": `AWSCognitoIdentityProviderService.${operation}`,
  };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => {
    throw new Failure("unreachable", "unreachable", `${url} cannot be reached: is the network up?`);
  });
  const content: unknown = await response.json().catch(() => ({}));
  if (response.ok) return Answer.parse(content);
  const { __type = `http-${response.status}`, message = "refused" } = Fault.parse(content);
  const exit = response.status >= 500 ? "unreachable" : "forbidden";
  throw new Failure(exit, "login-refused", `The user pool says ${__type.split("#").at(-1)}: ${message}`);
}

function unanswerable({ ChallengeName = "nothing" }: Answer): Failure {
  return new Failure(
    "forbidden",
    "login-refused",
    `The user pool asks for ${ChallengeName}, which this program cannot answer: log in elsewhere and give the ID token with --token.`,
  );
}

function poolName(pool: string): string {
  return pool.slice(pool.indexOf("_") + 1);
}
