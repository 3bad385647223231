import { type BundlingOptions, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";

/**
 * How esbuild bundles each Lambda. The AWS SDK is in the bundle, in the version that the tests ran with: the one of
 * Lambda's runtime changes by itself, and is slower to load than a bundle of only what is used.
 */
export const bundling = {
  format: OutputFormat.ESM,
  minify: true,
  target: "node24",
  mainFields: ["module", "main"],
  // Ways to credentials that no Lambda takes, with a client of STS and SSO in each. The SDK imports them only where
  // the variables that Lambda sets are missing.
  externalModules: [
    "@aws-sdk/credential-provider-ini",
    "@aws-sdk/credential-provider-process",
    "@aws-sdk/credential-provider-sso",
    "@aws-sdk/credential-provider-web-identity",
    "@smithy/credential-provider-imds",
  ],
  // Some dependencies of Powertools are CommonJS and ask for require().
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
} satisfies BundlingOptions;
