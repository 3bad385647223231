import { createHash, createHmac, getDiffieHellman, randomBytes } from "node:crypto";

/**
 * The client's side of Secure Remote Password as Cognito speaks it (SRP-6a over the 3072-bit group of RFC 3526, which
 * Node calls modp15): a password is proved without being sent. Numbers are hashed as two's complement bytes.
 */
const prime = BigInt(`0x${getDiffieHellman("modp15").getPrime("hex")}`);
const generator = 2n;
const multiplier = hashed(bytesOf(prime), bytesOf(generator));

export interface SrpKeys {
  readonly secret: bigint;
  /** `SRP_A`: hex. */
  readonly public: string;
}

export function srpKeys(secret: bigint = BigInt(`0x${randomBytes(128).toString("hex")}`)): SrpKeys {
  return { secret, public: power(generator, secret).toString(16) };
}

/** The parameters of a PASSWORD_VERIFIER challenge, as they came. */
export interface SrpChallenge {
  readonly userId: string;
  /** Hex. */
  readonly salt: string;
  /** `SRP_B`: hex. */
  readonly serverPublic: string;
  /** Base64. */
  readonly secretBlock: string;
}

/**
 * @param pool the user pool's id after its `_`
 * @param timestamp as `timestampOf` writes it
 * @returns PASSWORD_CLAIM_SIGNATURE, base64
 * @throws Error for a server's number that would give the password away
 */
export function claimSignature(
  pool: string,
  password: string,
  keys: SrpKeys,
  challenge: SrpChallenge,
  timestamp: string,
): string {
  const { userId, secretBlock } = challenge;
  const serverPublic = BigInt(`0x${challenge.serverPublic}`);
  const scramble = hashed(bytesOf(BigInt(`0x${keys.public}`)), bytesOf(serverPublic));
  if (serverPublic % prime === 0n || scramble === 0n)
    throw new Error("the user pool's SRP number is not valid");
  const identity = createHash("sha256").update(`${pool}${userId}:${password}`).digest();
  const exponent = hashed(bytesOf(BigInt(`0x${challenge.salt}`)), identity);
  const base = serverPublic - ((multiplier * power(generator, exponent)) % prime);
  const shared = power(((base % prime) + prime) % prime, keys.secret + scramble * exponent);
  const extracted = createHmac("sha256", bytesOf(scramble)).update(bytesOf(shared)).digest();
  const key = createHmac("sha256", extracted).update("Caldera Derived Key\u0001").digest().subarray(0, 16);
  return createHmac("sha256", key)
    .update(`${pool}${userId}`)
    .update(Buffer.from(secretBlock, "base64"))
    .update(timestamp)
    .digest("base64");
}

/** `Mon Mar 2 02:00:30 UTC 2026` */
export function timestampOf(ms: number): string {
  const [day = "", date = "", month = "", year = "", clock = ""] = new Date(ms).toUTCString().split(/[, ]+/);
  return `${day} ${month} ${Number(date)} ${clock} UTC ${year}`;
}

function hashed(...bytes: readonly Buffer[]): bigint {
  const hash = createHash("sha256");
  for (const part of bytes) hash.update(part);
  return BigInt(`0x${hash.digest("hex")}`);
}

/** A positive number with its sign bit, as few bytes as hold it. */
function bytesOf(number: bigint): Buffer {
  const hex = number.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, "hex");
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % prime;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
