import { createHash } from "node:crypto";

/** A number in [0, 1) that depends on its words only: the scenario's private values, the same in every replay. */
export function draw(...words: readonly string[]): number {
  const digest = createHash("sha256").update(words.join("\u0000")).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** Log-uniform between two positive bounds, rounded to a whole number. */
export function drawLogUniform(low: number, high: number, ...words: readonly string[]): number {
  return Math.round(low * (high / low) ** draw(...words));
}

/** Uniform whole number in [low, high]. */
export function drawWhole(low: number, high: number, ...words: readonly string[]): number {
  return low + Math.floor(draw(...words) * (high - low + 1));
}
