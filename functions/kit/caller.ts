import * as z from "zod";
import { OwnerId } from "../../events/catalog/values.ts";
import { type Operation, type Role, roles } from "../contract/operation.ts";

/** Who calls: an organisation in one of its roles. */
export interface Caller {
  readonly owner: OwnerId;
  readonly roles: readonly Role[];
  /** `sub` of the token: the person or machine. */
  readonly subject: string;
}

/** API Gateway hands an array claim on as text: `[a b]`, `[a, b]` or `a,b`. */
const Groups = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((groups) =>
    typeof groups === "string" ? groups.replace(/^\[|\]$/g, "").split(/[\s,]+/) : groups,
  )
  .transform((groups) => roles.filter((role) => groups.includes(role)));

const Claims = z
  .object({ sub: z.string().min(1), "custom:owner": OwnerId, "cognito:groups": Groups })
  .transform((claims) => ({
    owner: claims["custom:owner"],
    roles: claims["cognito:groups"],
    subject: claims.sub,
  }));

/** The caller that a verified token's claims name; undefined if they name no organisation. */
export function callerOf(claims: unknown): Caller | undefined {
  const parsed = Claims.safeParse(claims);
  return parsed.success ? parsed.data : undefined;
}

/** A caller with several roles acts in the one that sees most. */
const byReach: readonly Role[] = ["operator", "finance", "center", "tenant"];

/** The role in which the caller may carry out the operation; undefined: none. */
export function roleFor({ roles: allowed }: Operation, caller: Caller): Role | undefined {
  if (allowed === "public") return undefined;
  return byReach.find((role) => allowed.includes(role) && caller.roles.includes(role));
}

/** `ROLE:OWNER`, as commits record it. */
export function actorOf(role: Role, caller: Caller): string {
  return `${role}:${caller.owner}`;
}
