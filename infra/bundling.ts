import { type BundlingOptions, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";

/**
 * How esbuild bundles each Lambda. The AWS SDK is in the bundle, in the version that the tests ran with: the one of
 * Lambda's runtime changes by itself, and loads slower than a bundle that has only what is used.
 */
export const bundling = {
  format: OutputFormat.ESM,
  minify: true,
  target: "node24",
  mainFields: ["module", "main"],
  bundleAwsSDK: true,
  // Some dependencies of Powertools are CommonJS and ask for require().
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
} as const satisfies BundlingOptions;
