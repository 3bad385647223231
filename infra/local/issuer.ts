import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";
import { OwnerId } from "../../functions/contract/identifiers.ts";
import { writtenOnce } from "./written-once.ts";

/** Tokens with the claims that Cognito gives, from keys that this folder made at its first start. */
export interface Issuer {
  /** Public keys, as `/.well-known/jwks.json` shows them. */
  readonly jwks: { readonly keys: JWK[] };
  mint(holder: TokenHolder): Promise<string>;
  /** Claims of a token that is whole, in time and meant for this exchange; undefined for any other. */
  verify(token: string): Promise<JWTPayload | undefined>;
}

export interface TokenHolder {
  readonly owner: string;
  readonly roles: readonly string[];
  /** Real seconds that the token holds. */
  readonly seconds: number;
}

export const issuerName = "urn:suanwang:local";
export const audience = "suanwang-local";
const algorithm = "RS256";

/** Why a token cannot be asked for on the command line, and the option to mend; undefined: it can. */
export function refusedToken(
  owner: string,
  folder: string,
): { readonly option: "--owner" | "--data"; readonly problem: string } | undefined {
  const { error } = OwnerId.safeParse(owner);
  if (error !== undefined) {
    return { option: "--owner", problem: `${owner} is no name of an owner: ${error.issues[0]?.message}` };
  }
  if (existsSync(join(folder, "issuer.json"))) return undefined;
  const problem = `${resolve(folder)} holds no exchange: start one with npm start, or give its folder`;
  return { option: "--data", problem };
}

/** @param folder where `issuer.json` lies, or is made, readable by its owner only */
export async function openIssuer(folder: string): Promise<Issuer> {
  const secret = await secretKey(join(folder, "issuer.json"));
  const key = await importJWK(secret, algorithm);
  const { kty, n, e, kid } = secret;
  const open: JWK = {
    ...(kty === undefined ? {} : { kty }),
    n: n ?? "",
    e: e ?? "",
    kid: kid ?? "",
    alg: algorithm,
    use: "sig",
  };
  const jwks = { keys: [open] };
  const keySet = createLocalJWKSet(jwks);
  return {
    jwks,
    mint: ({ owner, roles, seconds }) =>
      new SignJWT({ "custom:owner": owner, "cognito:groups": [...roles], token_use: "id" })
        .setProtectedHeader({ alg: algorithm, kid: kid ?? "" })
        .setSubject(`local-${owner}`)
        .setIssuer(issuerName)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
        .sign(key),
    async verify(token) {
      const options = {
        issuer: issuerName,
        audience,
        algorithms: [algorithm],
        requiredClaims: ["exp", "sub"],
      };
      try {
        return (await jwtVerify(token, keySet, options)).payload;
      } catch {
        return undefined;
      }
    },
  };
}

async function secretKey(file: string): Promise<JWK> {
  // Only a folder without a key makes one, which takes a moment.
  const key: JWK = JSON.parse(
    existsSync(file) ? readFileSync(file, "utf8") : writtenOnce(file, await newKey(), 0o600),
  );
  return key;
}

async function newKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return JSON.stringify({ ...(await exportJWK(privateKey)), kid: `local-${Date.now()}` });
}
