import { createHash } from "node:crypto";
import { streams } from "../../events/catalog/streams.ts";
import { BreakId, type Period } from "../../events/catalog/values.ts";
import { canonicalJson } from "../../events/store/canonical-json.ts";
import { execute } from "../../events/store/execute.ts";
import { forEachInFlight } from "../../events/store/in-flight.ts";
import { type BreakCommand, breakDecider } from "../../market/break.ts";
import type { FoundBreak } from "../../market/settlement/match-facts.ts";
import type { DayMatch } from "../../market/settlement/match-outcome.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

const inFlight = 32;

/** The same for the same finding of the same day, whoever finds it and how often. */
export function breakIdOf({ code, about, period }: Pick<FoundBreak, "code" | "about" | "period">): BreakId {
  const hash = createHash("sha256").update(canonicalJson([code, about, period]));
  return BreakId.parse(hash.digest("hex").slice(0, 26));
}

/**
 * Appends what the match of a day found and healed, each once however often it is called.
 * @param at market time (ISO 8601) that the breaks bear: the cut-off's, so that a repeat writes the same.
 */
export async function recordBreaks(
  access: Pick<Access, "store" | "clock" | "env">,
  { breaks, healed }: Pick<DayMatch, "breaks" | "healed">,
  { period, at }: { readonly period: Period; readonly at: string },
): Promise<void> {
  const tell = (id: BreakId, command: BreakCommand, commandId: string) =>
    execute(access.store, breakDecider, streams.break(id), command, {
      ...exchangeCommand(access, commandId, `period-${period}`),
      time: at,
    });
  await forEachInFlight(inFlight, breaks, (found) => {
    const id = breakIdOf(found);
    const { about: _, ...data } = found;
    return tell(id, { type: "Find", found: { break: id, ...data, at } }, `find/${id}`);
  });
  await forEachInFlight(inFlight, healed, ({ found, note, correction }) => {
    const id = breakIdOf(found);
    const named = correction === undefined ? {} : { correction };
    return tell(id, { type: "Heal", note, ...named, at }, `heal/${id}/${period}`);
  });
}
