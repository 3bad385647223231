import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApp } from "../app.ts";

/** The template of the CDK app, without bundles: here the handlers run from their sources. */
export function synthesize(): unknown {
  const outdir = mkdtempSync(join(tmpdir(), "suanwang-"));
  process.env.CDK_VALIDATION = "false";
  try {
    const app = buildApp({ outdir, analyticsReporting: false, context: { "aws:cdk:bundling-stacks": [] } });
    return app.synth().getStackByName("Suanwang").template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
