import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { scenarioDigest } from "../../agent/scenario/scenario.ts";
import type { Options } from "./options.ts";
import { writtenOnce } from "./written-once.ts";

/** What a folder's replay was begun with. Folders that were begun before scenarios had digests have none. */
const Claim = z.object({
  scenario: z.string(),
  digest: z.string().optional(),
  days: z.int(),
  jobs: z.int().optional(),
});
type Claim = z.infer<typeof Claim>;

/** @throws Error naming the option, if the folder is not there and cannot be made */
export function makeFolder(data: string): void {
  try {
    mkdirSync(data, { recursive: true });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : cause;
    throw new Error(`--data takes a folder that is there or can be made: ${detail}`, { cause });
  }
}

/**
 * A folder goes on with the replay that it began: the same scenario as it was then, wherever its file lies.
 * @throws Error saying which one it began, if it began another
 */
export function claimFolder({
  data,
  scenario,
  days,
  jobs,
}: Pick<Options, "data" | "scenario" | "days" | "jobs">): void {
  const own: Claim = {
    scenario,
    digest: scenarioDigest(scenario),
    days,
    ...(jobs === undefined ? {} : { jobs }),
  };
  const begun = Claim.parse(JSON.parse(writtenOnce(join(data, "replay"), JSON.stringify(own))));
  const sameScenario = begun.digest === undefined ? begun.scenario === scenario : begun.digest === own.digest;
  if (sameScenario && begun.days === days && begun.jobs === jobs) return;
  const changed =
    !sameScenario && begun.scenario === scenario ? ", as it was before its file or trace was changed" : "";
  throw new Error(
    `--data ${data} holds another replay, ${optionsOf(begun)}${changed}: give another --data, or delete the folder`,
  );
}

function optionsOf({ scenario, days, jobs }: Claim): string {
  return `--scenario ${scenario} --days ${days}${jobs === undefined ? "" : ` --jobs ${jobs}`}`;
}
