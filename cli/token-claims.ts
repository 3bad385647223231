import { z } from "zod";

const Claims = z.object({
  "custom:owner": z.string().optional(),
  "cognito:groups": z.array(z.string()).default([]),
  sub: z.string().optional(),
  exp: z.number().optional(),
});

export interface Holder {
  readonly owner?: string;
  readonly roles: readonly string[];
  readonly subject?: string;
  /** ISO instant, real time. */
  readonly until?: string;
}

/** What a token says about its holder, unverified: the exchange verifies it. Undefined: it is no JWT. */
export function holderOf(token: string): Holder | undefined {
  const [, payload = ""] = token.split(".");
  try {
    const claims = Claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
    const { "custom:owner": owner, sub: subject, exp } = claims;
    return {
      roles: claims["cognito:groups"],
      ...(owner === undefined ? {} : { owner }),
      ...(subject === undefined ? {} : { subject }),
      ...(exp === undefined ? {} : { until: new Date(exp * 1000).toISOString() }),
    };
  } catch {
    return undefined;
  }
}
