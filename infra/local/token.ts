import { parseArgs } from "node:util";
import { openIssuer } from "./issuer.ts";

// `npm run token -- --role tenant --owner acme`: a token for the local exchange, made from the keys in its folder.

const { values } = parseArgs({
  options: {
    role: { type: "string", multiple: true },
    owner: { type: "string" },
    data: { type: "string", default: ".suanwang" },
  },
});
if (values.owner === undefined || values.role === undefined) {
  console.error("usage: npm run -s token -- --role center|tenant|finance|operator --owner NAME [--data DIR]");
  process.exitCode = 1;
} else {
  const issuer = await openIssuer(values.data);
  console.log(await issuer.mint({ owner: values.owner, roles: values.role, seconds: 86_400 }));
}
