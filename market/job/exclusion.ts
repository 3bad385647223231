import type { Exclusion } from "../../events/catalog/job.ts";

/** One sentence for its tenant. */
export function whyExcluded({ cause, by }: Exclusion): string {
  switch (cause) {
    case "groupAwarded":
      return `Job ${by} of its group was awarded.`;
    case "parentEnded":
      return `Its parent, job ${by}, ended and did not complete.`;
    default:
      return cause satisfies never;
  }
}
