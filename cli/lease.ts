import { renewLease } from "../functions/contract/centers.ts";
import { exitCodes } from "./exit-codes.ts";
import { shown } from "./failure.ts";
import { time } from "./figures.ts";
import type { Session } from "./session.ts";

/** A lease as it was last renewed. */
interface Held {
  readonly until: string;
  /** Market and real time of its renewal, ms. */
  readonly market: number;
  readonly real: number;
  /** Its length in real ms. */
  readonly length: number;
}

/** After so many real ms the second renewal shows how fast market time passes. */
const firstWaitMs = 1_000;
/** Where market time jumps, it is not asked more often than this. */
const leastWaitMs = 100;

/**
 * Renews a center's lease at every third of its length, which is in market time.
 * @throws Failure or Refused; if the exchange cannot be reached, not before the lease has ended
 */
export async function keepLease(session: Session, center: string): Promise<void> {
  let held: Held | undefined;
  for (;;) {
    const { answer, content } = await renewed(session, center, held);
    await session.showNext(content, () => `${center} holds its lease until ${time(answer.until)}\n`);
    const before = held;
    held = heldFrom(answer, before);
    await session.io.sleep(before === undefined ? firstWaitMs : Math.max(leastWaitMs, held.length / 3));
  }
}

function heldFrom(answer: { readonly until: string; readonly seconds: number }, before?: Held): Held {
  const [lengthMs, real] = [answer.seconds * 1000, Date.now()];
  const market = Date.parse(answer.until) - lengthMs;
  const pace = before === undefined ? 1 : (market - before.market) / (real - before.real);
  // A market clock that stands may go on at any moment: it is never taken for slower than the real one.
  return { until: answer.until, market, real, length: lengthMs / Math.max(1, pace || 1) };
}

/** Tries until the lease that is held has ended. */
async function renewed(session: Session, center: string, held: Held | undefined) {
  for (let tried = 1; ; tried++) {
    try {
      return await session.ask(renewLease, { params: { center } });
    } catch (error) {
      const { exit, lines } = shown(error);
      const lasts = held !== undefined && Date.now() < held.real + held.length;
      if (!lasts || exit !== exitCodes.unreachable[0]) throw error;
      if (tried === 1)
        for (const line of [...lines, `trying again until the lease ends at ${time(held.until)}`])
          session.io.err(line);
      await session.io.sleep(Math.max(leastWaitMs, held.length / 60));
    }
  }
}
