#!/usr/bin/env node
// `npx suanwang`: plain JavaScript, for the system's Node may be too old to run TypeScript. Node 24 comes with
// `npm ci`, as a package named after the machine; main.ts runs on it, in this process if it is new enough itself.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = new URL("main.ts", import.meta.url);
const [major = 0] = process.versions.node.split(".").map(Number);

function installedNode() {
  const system = process.platform === "win32" ? "win" : process.platform;
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(require.resolve(`node-${system}-${process.arch}/package.json`));
    return join(folder, "bin", system === "win" ? "node.exe" : "node");
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: "inherit" });
  // The child answers Ctrl-C, and this process ends with it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`no-node cannot run ${node}: ${error.message}: run npm ci`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (major >= 24) await import(main.href);
else {
  const node = installedNode();
  if (node === undefined) {
    console.error(`no-node Node ${process.versions.node} is too old: run npm ci, or use Node 24`);
    process.exit(1);
  }
  runOn(node);
}
