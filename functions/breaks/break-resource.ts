import { streams } from "../../events/catalog/streams.ts";
import type { BreakId } from "../../events/catalog/values.ts";
import { loadState } from "../../events/store/execute.ts";
import { type BreakState, breakDecider, type KnownBreak } from "../../market/break.ts";
import type { BreakView } from "../../market/views/breaks.ts";
import type { Break } from "../contract/breaks.ts";
import type { Access } from "../kit/host.ts";
import { notFound, problem } from "../kit/problems.ts";

export function breakResource(state: BreakState, version: number): { body: Break; version: number } {
  if (state.phase === "unknown") throw problem(500, "internal-error", "The break is gone.");
  const { found, phase, assignee, resolved, reopened } = state;
  const owner = assignee === undefined ? {} : { assignee };
  const told = { ...(resolved && { resolved }), ...(reopened === undefined ? {} : { reopened }) };
  return { body: shownBreak({ ...found, status: phase, ...owner, ...told, version }), version };
}

/** As the API shows it. */
export function shownBreak({ resolved, ...view }: BreakView): Break {
  if (resolved === undefined) return view;
  const { at, resolution, note, correction } = resolved;
  const named = correction === undefined ? {} : { correction };
  return { ...view, resolution, note, ...named, resolvedAt: at };
}

/** @throws ProblemError 404 */
export async function loadBreak(
  { store }: Pick<Access, "store">,
  id: BreakId,
): Promise<{ state: KnownBreak; version: number }> {
  const { state, version } = await loadState(store, breakDecider, streams.break(id));
  if (state.phase === "unknown") throw notFound("break", id);
  return { state, version };
}
