import { parseArgs } from "node:util";
import { roles as known } from "../../functions/contract/operation.ts";
import { refusedToken } from "./issuer.ts";

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
  if (roles.length === 0) throw new Error(`--role is missing: say in which of ${known.join(", ")}`);
  const strange = roles.find((role) => !known.some((name) => name === role));
  if (strange !== undefined) throw new Error(`--role is one of ${known.join(", ")}, not ${strange}`);
  const refused = refusedToken(owner, data);
  if (refused !== undefined) throw new Error(`${refused.option}: ${refused.problem}`);
  return { owner, roles, data };
}
