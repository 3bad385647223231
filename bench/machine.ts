import { cpus, loadavg, release, totalmem, type } from "node:os";

/** The machine that numbers were measured on, in one line. */
export function machineLine(): string {
  const all = cpus();
  const model = all[0]?.model.trim().replaceAll(/\s+/g, " ") ?? "unknown CPU";
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${all.length} cores, ${gigabytes} GB, ${type()} ${release()}, Node ${process.version}`;
}

/** Work of others at the start, which makes every number worse. */
export function loadLine(): string {
  const [load = 0] = loadavg();
  const share = load / cpus().length;
  return `load ${load.toFixed(1)} at the start${share > 0.5 ? ": the machine was NOT idle, timings are too high" : ""}`;
}
