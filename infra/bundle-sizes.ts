import { basename, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import type { FunctionSpec } from "../functions/manifest.ts";
import { functions } from "../functions/manifest.ts";
import { bundling } from "./bundling.ts";

/** What a function's zipped bundle may have at most, bytes. */
export const bundleLimit = 250_000;

export interface Bundle {
  readonly name: string;
  readonly code: Uint8Array;
  /** Bytes of the zip that holds the one file. */
  readonly zipped: number;
  /** AWS SDK clients in it, e.g. `client-sfn`, and those that other packages bring along. */
  readonly clients: readonly string[];
  /** What it imports and does not hold, besides what Node has. */
  readonly external: readonly string[];
}

const root = new URL("..", import.meta.url).pathname;
/** Local header, central entry and end record of a zip, each with the file's name. */
const zipOverhead = 30 + 46 + 22 + 2 * "index.mjs".length;

/** Bundles every function as the app does, in memory. */
export async function buildBundles(specs: readonly FunctionSpec[] = functions): Promise<Bundle[]> {
  const { outputFiles, metafile } = await build({
    entryPoints: specs.map(({ name, file }) => ({ in: join(root, file), out: name })),
    absWorkingDir: root,
    outdir: root,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "warning",
    format: bundling.format,
    minify: bundling.minify,
    target: bundling.target,
    mainFields: bundling.mainFields,
    external: bundling.externalModules,
    banner: { js: bundling.banner },
  });
  return outputFiles.map(({ path, contents }) => {
    const output = metafile.outputs[basename(path)];
    if (output === undefined) throw new Error(`esbuild says nothing about ${path}`);
    const held = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    return {
      name: basename(path, ".mjs"),
      code: contents,
      // Level 6 is what a zip has at least.
      zipped: deflateRawSync(contents, { level: 6 }).length + zipOverhead,
      clients: unique(held.flatMap(([input]) => clientOf(input) ?? [])),
      external: unique(
        output.imports
          .filter(({ external, kind }) => external === true && kind !== "require-call")
          .map(({ path }) => path)
          .filter((path) => !path.startsWith("node:")),
      ),
    };
  });
}

function clientOf(input: string): string | undefined {
  return (
    /@aws-sdk\/(client-[a-z0-9-]+)\//.exec(input)?.[1] ??
    /nested-clients\/.*?submodules\/([^/]+)/.exec(input)?.[1]
  );
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function table(bundles: readonly Bundle[]): string {
  const rows = bundles
    .toSorted((a, b) => b.zipped - a.zipped)
    .map(({ name, code, zipped, clients }) =>
      [
        name.padEnd(20),
        `${(code.length / 1000).toFixed(0)} KB`.padStart(8),
        `${(zipped / 1000).toFixed(1)} KB zipped`.padStart(16),
        ` ${clients.join(" ")}`,
      ].join(" "),
    );
  return rows.join("\n");
}

if (import.meta.main) {
  const bundles = await buildBundles();
  console.log(table(bundles));
  const large = bundles.filter(({ zipped }) => zipped > bundleLimit);
  if (large.length > 0) {
    console.error(`over ${bundleLimit / 1000} KB zipped: ${large.map(({ name }) => name).join(", ")}`);
    process.exitCode = 1;
  }
}
