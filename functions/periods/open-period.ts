import { streams } from "../../events/catalog/streams.ts";
import type { Period } from "../../events/catalog/values.ts";
import { execute, loadState } from "../../events/store/execute.ts";
import { type PeriodState, periodDecider } from "../../market/period.ts";
import { instant, periodOf, periodPlus, slotOf } from "../../market/time.ts";
import { exchangeCommand } from "../kit/exchange-command.ts";
import type { Access } from "../kit/host.ts";

type KnownPeriod = Exclude<PeriodState, { phase: "unknown" }>;

export async function loadPeriod({ store }: Pick<Access, "store">, period: Period): Promise<PeriodState> {
  return (await loadState(store, periodDecider, streams.period(period))).state;
}

/** Days without any close after which the exchange would have to be told where to go on. */
const daysLookedBack = 400;

/** The settlement day that is open; undefined before the first fact. It is opened with the day of the feed's first page. */
export async function openPeriod(access: Access): Promise<KnownPeriod | undefined> {
  let day = periodOf(slotOf(access.clock.now()));
  for (let back = 0; back < daysLookedBack; back++) {
    const state = await loadPeriod(access, day);
    if (state.phase === "open") return state;
    // Closing a day opens the next one in another commit, which a crash may have left out.
    if (state.phase === "closed") return beginAfter(access, state);
    day = periodPlus(day, -1);
  }
  const first = (await access.feed.read(1))?.commits[0];
  return first === undefined
    ? undefined
    : begin(access, periodOf(slotOf(Date.parse(first.time))), 0, first.time);
}

/** Opens the settlement day after one that is closed, as of its close: whoever does it, the bytes are the same. */
export async function beginAfter(
  access: Access,
  { period, closed, cutOff }: KnownPeriod,
): Promise<KnownPeriod | undefined> {
  const time = closed?.at ?? cutOff?.at ?? instant(access.clock.now());
  return begin(access, periodPlus(period, 1), closed?.position ?? 0, time);
}

async function begin(
  access: Access,
  period: Period,
  afterPosition: number,
  time: string,
): Promise<KnownPeriod | undefined> {
  const known = exchangeCommand(access, `open/${period}`, `period-${period}`);
  const meta = { ...known, actor: "exchange:open-period", time };
  await execute(
    access.store,
    periodDecider,
    streams.period(period),
    { type: "Open", period, afterPosition },
    meta,
  );
  const state = await loadPeriod(access, period);
  return state.phase === "unknown" ? undefined : state;
}
