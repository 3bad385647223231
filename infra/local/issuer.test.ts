import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { roles } from "../../functions/contract/operation.ts";
import { callerOf } from "../../functions/kit/caller.ts";
import { audience, type Issuer, issuerName, openIssuer } from "./issuer.ts";

const PrivateKey = z.looseObject({ kid: z.string(), kty: z.string(), n: z.string(), d: z.string() });

let top: string;
let folder: string;
let issuer: Issuer;
let stranger: Issuer;

beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), "issuer-"));
  folder = join(top, "own");
  mkdirSync(folder);
  mkdirSync(join(top, "other"));
  [issuer, stranger] = await Promise.all([openIssuer(folder), openIssuer(join(top, "other"))]);
});

afterAll(() => rmSync(top, { recursive: true, force: true }));
afterEach(() => {
  vi.useRealTimers();
});

const holder = { owner: "acme", roles: ["tenant"], seconds: 60 };
const inAMinute = () => Math.floor(Date.now() / 1000) + 60;

function privateKey() {
  return PrivateKey.parse(JSON.parse(readFileSync(join(folder, "issuer.json"), "utf8")));
}

/** A token signed with the folder's own key, but with these claims. */
async function signed(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const key = privateKey();
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: key.kid })
    .sign(await importJWK(key, "RS256"));
}

const whole = () => ({ sub: "local-acme", iss: issuerName, aud: audience, exp: inAMinute() });
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a token", () => {
  test("has the claims that Cognito gives", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_767_542_400_500 });
    const token = await issuer.mint({ owner: "acme", roles: ["tenant", "finance"], seconds: 90 });
    expect(await issuer.verify(token)).toEqual({
      sub: "local-acme",
      "custom:owner": "acme",
      "cognito:groups": ["tenant", "finance"],
      token_use: "id",
      iss: issuerName,
      aud: audience,
      iat: 1_767_542_400,
      exp: 1_767_542_490,
    });
  });

  test("names its holder and the holder's roles to the API, whoever they are", async () => {
    const owners = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
    await fc.assert(
      fc.asyncProperty(owners, fc.subarray([...roles]), async (owner, held) => {
        const claims = await issuer.verify(await issuer.mint({ owner, roles: held, seconds: 60 }));
        expect(callerOf(claims)).toEqual({ owner, roles: held, subject: `local-${owner}` });
      }),
      { numRuns: 40 },
    );
  });

  test("carries any text as it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.array(fc.string()), async (owner, held) => {
        const claims = await issuer.verify(await issuer.mint({ owner, roles: held, seconds: 60 }));
        expect(claims).toMatchObject({ "custom:owner": owner, "cognito:groups": held });
      }),
      { numRuns: 40 },
    );
  });

  test("is verified by anybody who has the public keys", async () => {
    const keys: Issuer["jwks"] = JSON.parse(JSON.stringify(issuer.jwks));
    const token = await issuer.mint(holder);
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer: issuerName, audience });
    expect(payload["custom:owner"]).toBe("acme");
  });

  test("holds for its time and not a second longer", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_767_542_400_000 });
    const token = await issuer.mint(holder);
    vi.setSystemTime(1_767_542_459_999);
    expect(await issuer.verify(token)).toBeDefined();
    vi.setSystemTime(1_767_542_460_000);
    expect(await issuer.verify(token)).toBeUndefined();
  });

  test("that was over when it was made is good for nothing", async () => {
    expect(await issuer.verify(await issuer.mint({ ...holder, seconds: -1 }))).toBeUndefined();
  });

  test("of another folder's exchange is not taken", async () => {
    const token = await stranger.mint(holder);
    expect(await stranger.verify(token)).toBeDefined();
    expect(await issuer.verify(token)).toBeUndefined();
  });

  test("of another's key under this folder's key id is not taken", async () => {
    const key = PrivateKey.parse(JSON.parse(readFileSync(join(top, "other", "issuer.json"), "utf8")));
    const token = await new SignJWT(whole())
      .setProtectedHeader({ alg: "RS256", kid: privateKey().kid })
      .sign(await importJWK(key, "RS256"));
    expect(await issuer.verify(token)).toBeUndefined();
  });

  test.each([
    ["with another owner", (token: string) => edited(token, { "custom:owner": "beta" })],
    ["with another role", (token: string) => edited(token, { "cognito:groups": ["operator"] })],
    ["with more time", (token: string) => edited(token, { exp: inAMinute() + 3600 })],
    ["without its signature", (token: string) => `${token.split(".").slice(0, 2).join(".")}.`],
    ["cut", (token: string) => token.slice(0, -10)],
  ])("changed after it was signed is not taken: %s", async (_, change) => {
    const token = await issuer.mint(holder);
    expect(await issuer.verify(token)).toBeDefined();
    expect(await issuer.verify(change(token))).toBeUndefined();
  });

  /** The token with these claims in place of its own, under its old signature. */
  function edited(token: string, claims: Readonly<Record<string, unknown>>): string {
    const [header, , signature] = token.split(".");
    return [header, encoded({ ...decodeJwt(token), ...claims }), signature].join(".");
  }

  test.each([
    ["no expiry", { exp: undefined }],
    ["no subject", { sub: undefined }],
    ["no issuer", { iss: undefined }],
    ["no audience", { aud: undefined }],
    ["another issuer", { iss: "https://cognito-idp.local.amazonaws.com/pool" }],
    ["another audience", { aud: "another-client" }],
    ["a beginning that is still to come", { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ["an expiry that is no number", { exp: "tomorrow" }],
  ])("with %s is not taken, though the signature is right", async (_, change) => {
    expect(await issuer.verify(await signed(whole()))).toBeDefined();
    expect(await issuer.verify(await signed({ ...whole(), ...change }))).toBeUndefined();
  });

  test("that chooses its own algorithm is not taken", async () => {
    const { kid, n } = privateKey();
    const unsigned = `${encoded({ alg: "none", kid })}.${encoded(whole())}.`;
    const secret = new TextEncoder().encode(n);
    const symmetric = await new SignJWT(whole()).setProtectedHeader({ alg: "HS256", kid }).sign(secret);
    const otherHash = await new SignJWT(whole())
      .setProtectedHeader({ alg: "RS512", kid })
      .sign(await importJWK(privateKey(), "RS512"));
    for (const token of [unsigned, symmetric, otherHash]) expect(await issuer.verify(token)).toBeUndefined();
  });

  test("that is any other text is not taken", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String()).map((parts) => parts.join(".")),
        ),
        async (text) => {
          expect(await issuer.verify(text)).toBeUndefined();
        },
      ),
    );
  });
});

describe("the keys", () => {
  test("are made at the first start and stay: tokens outlive the process", async () => {
    const token = await issuer.mint(holder);
    const again = await openIssuer(folder);
    expect(again.jwks).toEqual(issuer.jwks);
    expect(await again.verify(token)).toBeDefined();
    expect(await issuer.verify(await again.mint(holder))).toBeDefined();
  });

  test("differ from folder to folder", () => {
    expect(issuer.jwks.keys[0]?.n).not.toBe(stranger.jwks.keys[0]?.n);
  });

  test("are shown without what is secret about them", () => {
    const { kid, n } = privateKey();
    expect(issuer.jwks).toEqual({ keys: [{ kty: "RSA", n, e: "AQAB", kid, alg: "RS256", use: "sig" }] });
  });

  test("are named in the tokens", async () => {
    const header = decodeProtectedHeader(await issuer.mint(holder));
    expect(header).toEqual({ alg: "RS256", kid: issuer.jwks.keys[0]?.kid });
  });

  test.skipIf(process.platform === "win32")("are readable by their owner only", () => {
    expect(statSync(join(folder, "issuer.json")).mode & 0o777).toBe(0o600);
  });

  test("that are damaged stop the start: new ones would make every token worthless without a word", async () => {
    const damaged = mkdtempSync(join(top, "damaged-"));
    const half = readFileSync(join(folder, "issuer.json"), "utf8").slice(0, 100);
    writeFileSync(join(damaged, "issuer.json"), half);
    await expect(openIssuer(damaged)).rejects.toThrow(SyntaxError);
    expect(readFileSync(join(damaged, "issuer.json"), "utf8")).toBe(half);
  });
});
