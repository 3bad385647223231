import { createHmac, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { operations } from "../../functions/contract/operations.ts";
import { described, expectDescribed } from "../../test/api-document.ts";
import { type InMemoryExchange, startExchange } from "../../test/exchange-in-memory.ts";
import { type ServedExchange, serveExchange } from "../../test/served-exchange.ts";
import { audience, issuerName } from "./issuer.ts";

// The gateway with its issuer in front of the real handlers: whatever token comes over the wire.

const PrivateKey = z.looseObject({ kid: z.string(), n: z.string(), e: z.string(), kty: z.string() });
type PrivateKey = z.infer<typeof PrivateKey>;

let served: ServedExchange;
let key: PrivateKey;
let exchange: InMemoryExchange;

beforeAll(async () => {
  exchange = await startExchange();
  served = await serveExchange(exchange);
  key = PrivateKey.parse(JSON.parse(readFileSync(join(served.folder, "issuer.json"), "utf8")));
});
beforeEach(() => {
  served.invoked.length = 0;
});
afterAll(() => served.close());

const seconds = () => Math.floor(Date.now() / 1000);
const whole = (): JWTPayload => ({
  sub: "local-acme",
  iss: issuerName,
  aud: audience,
  exp: seconds() + 600,
  "custom:owner": "acme",
  "cognito:groups": ["tenant"],
  token_use: "id",
});
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function signed(change: JWTPayload = {}): Promise<string> {
  return new SignJWT({ ...whole(), ...change })
    .setProtectedHeader({ alg: "RS256", kid: key.kid })
    .sign(await importJWK(key, "RS256"));
}

/** Unsigned header and claims with a signature of one's own making. */
function forged(header: Record<string, unknown>, sign: (text: string) => string): string {
  const text = `${encoded({ kid: key.kid, typ: "JWT", ...header })}.${encoded(whole())}`;
  return `${text}.${sign(text)}`;
}

const hmac = (secret: string | Buffer) => (text: string) =>
  createHmac("sha256", secret).update(text).digest("base64url");

const publicKeyAs = (type: "pem" | "der") => {
  const { kty, n, e } = key;
  const open = createPublicKey({ key: { kty, n, e }, format: "jwk" });
  return type === "pem"
    ? open.export({ type: "spki", format: "pem" })
    : open.export({ type: "spki", format: "der" });
};

async function withForeignKey(kid: string, extra: Record<string, unknown> = {}): Promise<string> {
  const { privateKey } = await generateKeyPair("RS256");
  return new SignJWT(whole()).setProtectedHeader({ alg: "RS256", kid, ...extra }).sign(privateKey);
}

const bad: readonly (readonly [string, () => string | undefined | Promise<string>])[] = [
  ["none at all", () => undefined],
  ["garbage", () => "Bearer garbage"],
  ["an empty one", () => "Bearer "],
  ["three empty parts", () => "Bearer .."],
  ["another scheme", async () => `Basic ${await signed()}`],
  ["two tokens", async () => `Bearer ${await signed()} ${await signed()}`],
  ["one that is over", async () => `Bearer ${await signed({ exp: seconds() - 1 })}`],
  ["one that has not begun", async () => `Bearer ${await signed({ nbf: seconds() + 600 })}`],
  ["one without an end", async () => `Bearer ${await signed({ exp: undefined })}`],
  ["one for another audience", async () => `Bearer ${await signed({ aud: "another-client" })}`],
  ["one of another issuer", async () => `Bearer ${await signed({ iss: "https://issuer.example" })}`],
  [
    "one whose signature was changed",
    async () => {
      const token = await signed();
      const [head, claims, signature = ""] = token.split(".");
      const first = signature.startsWith("A") ? "B" : "A";
      return `Bearer ${head}.${claims}.${first}${signature.slice(1)}`;
    },
  ],
  [
    "one whose claims were changed",
    async () => {
      const [head, , signature] = (await signed()).split(".");
      return `Bearer ${head}.${encoded({ ...whole(), "cognito:groups": ["operator"] })}.${signature}`;
    },
  ],
  ["alg none", () => `Bearer ${forged({ alg: "none" }, () => "")}`],
  ["alg None", () => `Bearer ${forged({ alg: "None" }, () => "")}`],
  ["no alg", () => `Bearer ${forged({}, () => "")}`],
  [
    "alg HS256, the public key's PEM as secret",
    () => `Bearer ${forged({ alg: "HS256" }, hmac(publicKeyAs("pem")))}`,
  ],
  [
    "alg HS256, the public key's DER as secret",
    () => `Bearer ${forged({ alg: "HS256" }, hmac(publicKeyAs("der")))}`,
  ],
  [
    "alg HS256, the modulus as secret",
    () => `Bearer ${forged({ alg: "HS256" }, hmac(Buffer.from(key.n, "base64url")))}`,
  ],
  [
    "alg HS256, the published JWK as secret",
    () => `Bearer ${forged({ alg: "HS256" }, hmac(JSON.stringify(served.issuer.jwks.keys[0])))}`,
  ],
  ["a foreign key under the same kid", async () => `Bearer ${await withForeignKey(key.kid)}`],
  ["a foreign key under its own kid", async () => `Bearer ${await withForeignKey("another")}`],
  [
    "a foreign key that the token brings along",
    async () => {
      const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
      const jwk = await exportJWK(publicKey);
      const token = await new SignJWT(whole())
        .setProtectedHeader({ alg: "RS256", kid: key.kid, jwk, jku: "https://issuer.example/jwks.json" })
        .sign(privateKey);
      return `Bearer ${token}`;
    },
  ],
];

async function ask(method: string, path: string, authorization: string | undefined, body?: unknown) {
  return fetch(`${served.front.url}${path}`, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      "idempotency-key": "k",
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe("without a good token", () => {
  test.each(bad)("%s: 401 on every route, and nothing of the handlers runs", async (_, make) => {
    const authorization = await make();
    for (const operation of described.filter(({ roles }) => roles.length > 0)) {
      const path = operation.path.replaceAll(/\{\w+\}/g, "x");
      const body = operation.body === undefined ? undefined : {};
      const response = await ask(operation.method, path, authorization, body);
      expect([response.status, await response.json()], operation.id).toEqual([
        401,
        { message: "Unauthorized" },
      ]);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(operation.responses[401]?.content).toHaveProperty(["application/json"]);
    }
    expect(served.invoked).toEqual([]);
    expect(await exchange.countCommits()).toBe(0);
  });
});

describe("with a good token", () => {
  test("of a tenant, a center's route is forbidden, in the document's words", async () => {
    const authorization = `Bearer ${await signed()}`;
    const centers = described.filter(({ roles }) => roles.length === 1 && roles.includes("center"));
    expect(centers.length).toBeGreaterThan(10);
    for (const operation of centers) {
      const path = operation.path.replaceAll(/\{\w+\}/g, "c-1");
      const body = operation.body === undefined ? undefined : {};
      const response = await ask(operation.method, path, authorization, body);
      const answer = {
        statusCode: response.status,
        headers: Object.fromEntries(response.headers),
        body: await response.text(),
      };
      expect(expectDescribed(operation, answer).statusCode).toBe(403);
      expect(JSON.parse(answer.body)).toMatchObject({ code: "role-missing" });
    }
    expect(await exchange.countCommits()).toBe(0);
  });

  test("of the right kind the request goes through: the tests above refuse the token and nothing else", async () => {
    const response = await ask("GET", operations.listJobs.path, `Bearer ${await signed()}`);
    expect([response.status, served.invoked]).toEqual([200, ["listJobs"]]);
  });

  test("that names no owner, the exchange asks for one that does", async () => {
    for (const owner of [undefined, "", "two words", ["acme", "bolt"]]) {
      const token = await signed({ "custom:owner": owner });
      const response = await ask("GET", operations.listJobs.path, `Bearer ${token}`);
      expect([response.status, await response.json()]).toMatchObject([401, { code: "token-without-owner" }]);
    }
  });

  test.each([
    ["a text that looks like a list", "[tenant operator]"],
    ["a text", "tenant"],
    ["no text", { tenant: true }],
    ["nothing", undefined],
  ])("whose groups are %s has the roles that the gateway's text of them names", async (_, groups) => {
    const token = await signed({ "cognito:groups": groups });
    const response = await ask("GET", operations.listJobs.path, `Bearer ${token}`);
    const isTenant = typeof groups === "string";
    expect(response.status).toBe(isTenant ? 200 : 403);
  });
});
