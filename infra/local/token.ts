import { openIssuer } from "./issuer.ts";
import { readTokenOptions, tokenUsage } from "./token-options.ts";

// `npm run token -- --role tenant --owner acme`: a token for the local exchange, made from the keys in its folder.

try {
  const options = readTokenOptions(process.argv.slice(2));
  if (options === "help") console.log(tokenUsage);
  else {
    const issuer = await openIssuer(options.data);
    console.log(await issuer.mint({ ...options, seconds: 86_400 }));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
