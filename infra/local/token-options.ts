import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { OwnerId } from "../../functions/contract/identifiers.ts";
import { roles as known } from "../../functions/contract/operation.ts";

interface TokenOptions {
  readonly owner: string;
  readonly roles: readonly string[];
  /** Folder of the exchange whose keys sign it. */
  readonly data: string;
}

export const tokenUsage = `npm run -s token -- --owner NAME --role ROLE [--role ROLE] [--data DIR]

  --owner NAME      in whose name
  --role ROLE       ${known.join(", ")}; again for each
  --data DIR        folder of the exchange's data (default .suanwang)
  --help`;

/** @throws Error naming the option and what it takes. */
export function readTokenOptions(args: readonly string[]): TokenOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      owner: { type: "string", default: "" },
      role: { type: "string", multiple: true, default: [] },
      data: { type: "string", default: ".suanwang" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { owner, role: roles, data } = values;
  if (owner === "") throw new Error("--owner is missing: say in whose name");
  const named = OwnerId.safeParse(owner);
  if (!named.success)
    throw new Error(`--owner ${owner} is no name of an owner: ${named.error.issues[0]?.message}`);
  if (roles.length === 0) throw new Error(`--role is missing: say in which of ${known.join(", ")}`);
  const strange = roles.find((role) => !known.some((name) => name === role));
  if (strange !== undefined) throw new Error(`--role is one of ${known.join(", ")}, not ${strange}`);
  if (!existsSync(join(data, "issuer.json")))
    throw new Error(
      `--data: ${resolve(data)} holds no exchange: start one with npm start, or give its folder`,
    );
  return { owner, roles, data };
}
