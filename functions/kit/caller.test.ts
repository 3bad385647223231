import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roles } from "../contract/operation.ts";
import { operations } from "../contract/operations.ts";
import { actorOf, callerOf, roleFor } from "./caller.ts";

const claimsWith = (groups: unknown) => ({ sub: "u-1", "custom:owner": "alpha", "cognito:groups": groups });

describe("claims", () => {
  test("name the same roles in every form in which a gateway hands a list on", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...roles, "other-group"]), (groups) => {
        const wanted = roles.filter((role) => groups.includes(role));
        const forms = [groups, `[${groups.join(" ")}]`, `[${groups.join(", ")}]`, groups.join(",")];
        for (const form of forms)
          expect(callerOf(claimsWith(form))).toEqual({ owner: "alpha", subject: "u-1", roles: wanted });
      }),
    );
  });

  test("without groups give no role", () => {
    expect(callerOf({ sub: "u-1", "custom:owner": "alpha" })?.roles).toEqual([]);
    expect(callerOf(claimsWith("[tenants]"))?.roles).toEqual([]);
  });

  test.each([
    ["nothing", undefined],
    ["no subject", { "custom:owner": "alpha" }],
    ["an empty subject", { sub: "", "custom:owner": "alpha" }],
    ["no owner", { sub: "u-1" }],
    ["an owner that is no name", { sub: "u-1", "custom:owner": "a/b" }],
  ])("with %s name nobody", (_, claims) => expect(callerOf(claims)).toBeUndefined());
});

test("a caller of several roles acts in the one that sees most, and commits say so", () => {
  const caller = callerOf(claimsWith("[operator finance]"));
  if (caller === undefined) throw new Error("the claims name alpha");
  expect(roleFor(operations.depositFunds, caller)).toBe("operator");
  expect(roleFor(operations.getPeriod, { ...caller, roles: ["tenant", "finance"] })).toBe("finance");
  expect(roleFor(operations.getJob, { ...caller, roles: ["tenant", "operator"] })).toBe("operator");
  expect(roleFor(operations.getAccount, { ...caller, roles: ["tenant", "finance"] })).toBe("finance");
  expect(roleFor(operations.getJob, caller)).toBe("operator");
  expect(roleFor(operations.postJob, caller)).toBeUndefined();
  expect(roleFor(operations.getHealth, caller)).toBeUndefined();
  expect(actorOf("finance", caller)).toBe("finance:alpha");
});
