/** Exact decimals: an integer and the number of its decimal places, fixed by the column that it stands in. */

/** As text without an exponent, a sign for positive values or zeros that say nothing. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const decimals = digits.slice(digits.length - scale).replace(/0+$/, "");
  return `${unscaled < 0n ? "-" : ""}${whole}${decimals === "" ? "" : `.${decimals}`}`;
}

/** `numerator / denominator`, half away from zero; the denominator must be above 0. */
export function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const twice = 2n * (numerator < 0n ? -numerator : numerator) + denominator;
  const rounded = twice / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}
