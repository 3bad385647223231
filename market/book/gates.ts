import type { Session } from "../../events/catalog/values.ts";
import { rules } from "../rules.ts";
import { SLOTS_PER_HOUR, slotOf } from "../time.ts";
import type { BookState } from "./book-state.ts";

/** A gate and the slots `[from, to)` that it sells. */
export interface Gate {
  readonly session: Session;
  /** The slot in which it closes. */
  readonly gate: number;
  readonly from: number;
  readonly to: number;
  /** The auction that was voided and is run again here. */
  readonly reruns?: number;
}

/**
 * The gate that is due now (ms); undefined: none is. Forward closes 12 minutes before the hour, and first where both
 * do. Gates that were missed coalesce with this one.
 */
export function gateDue(book: BookState, now: number): Gate | undefined {
  const gate = slotOf(now);
  const forward = (gate + rules.forwardLeadSlots) % SLOTS_PER_HOUR === 0;
  if (forward && isDue(book, "forward", gate)) {
    const from = gate + rules.forwardLeadSlots;
    const to = from + rules.forwardHorizonHours * SLOTS_PER_HOUR;
    return { session: "forward", gate, from, to, ...reruns(book, "forward") };
  }
  if (!isDue(book, "spot", gate)) return undefined;
  const from = gate + 1;
  return { session: "spot", gate, from, to: from + rules.spotHorizonSlots, ...reruns(book, "spot") };
}

function isDue(book: BookState, session: Session, gate: number): boolean {
  return (book.gates.get(session) ?? -1) < gate;
}

function reruns(book: BookState, session: Session): Pick<Gate, "reruns"> {
  const auction = book.voided.get(session);
  return auction === undefined ? {} : { reruns: auction };
}
