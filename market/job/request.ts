import type { JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { accept, type Decision, reject } from "../decider.ts";
import { millsText } from "../money.ts";
import { rules } from "../rules.ts";
import { bidHold, leastSlots, nextOnSale } from "../stretch.ts";
import { SLOTS_PER_HOUR, slotOf } from "../time.ts";
import type { Request } from "./commands.ts";

type Decided = Decision<JobEvent>;

/** A job is taken as it is asked for, if it can ever be awarded. */
export function request(command: Request): Decided {
  const { job, owner, account, spec } = command;
  const wrong = whyNotRequest(spec, slotOf(command.at));
  if (wrong !== undefined) return wrong;
  const hold = millsText(bidHold(spec, spec.slots));
  return accept({ type: "JobRequested", data: { job, owner, account, spec, hold } });
}

function whyNotRequest(spec: JobSpec, now: number): Decided | undefined {
  return whyNotWindow(spec, now) ?? whyNotLength(spec) ?? whyNotShape(spec) ?? whyNotStaged(spec);
}

function whyNotWindow(spec: JobSpec, now: number): Decided | undefined {
  if (spec.to <= spec.from) return reject("window-reversed", "The window must end after it begins.", "/to");
  if (spec.kind === "service") return whyNotServed(spec, now);
  const needed = leastSlots(spec, spec.slots);
  if (spec.to - spec.from < needed) {
    return reject("window-too-short", `The window must hold ${needed} slots.`, "/to");
  }
  const earliest = now + 1 + (spec.stageSlots ?? 0);
  return spec.to - needed < earliest
    ? reject("window-passed", `${startsFrom(spec, earliest)}: the window ends too early.`, "/to")
    : undefined;
}

function startsFrom({ stageSlots = 0 }: JobSpec, earliest: number): string {
  return stageSlots === 0
    ? `The next gate sells from slot ${earliest}`
    : `With ${stageSlots} slots to move its data it starts in slot ${earliest} at the earliest`;
}

/** A service is served from the first to the last slot of its window: all of it must be on sale yet. */
function whyNotServed(spec: JobSpec, now: number): Decided | undefined {
  const { from, to, slots, session, stageSlots = 0 } = spec;
  if (slots !== to - from) {
    return reject("slots-not-window", `A service runs for its whole window: ${to - from} slots.`, "/slots");
  }
  const odd = (
    [
      ["/from", from],
      ["/to", to],
    ] as const
  ).find(([, slot]) => slot % SLOTS_PER_HOUR !== 0);
  if (session === "forward" && odd !== undefined) {
    const advice = "The forward session sells whole hours: a service's window begins and ends with one.";
    return reject("window-not-whole-hours", `${advice} Slots of such an instant divide by 10.`, odd[0]);
  }
  const earliest = nextOnSale(session, now) + stageSlots;
  return from < earliest
    ? reject("window-begun", `${startsFrom(spec, earliest)}: begin the window there or later.`, "/from")
    : undefined;
}

function whyNotLength(spec: JobSpec): Decided | undefined {
  const spot = spec.session === "spot";
  const longest = spot ? rules.spotHorizonSlots : rules.forwardStretchMax;
  if (spec.slots > longest) {
    const advice = spot ? " Use the forward session, or a shorter first award and an extendLimit." : "";
    return reject("too-long", `A ${spec.session} award has at most ${longest} slots.${advice}`, "/slots");
  }
  if (!spot && spec.slots % SLOTS_PER_HOUR !== 0) {
    return reject(
      "not-whole-hours",
      "The forward session sells whole hours: slots must divide by 10.",
      "/slots",
    );
  }
  return spec.maxSlots < spec.slots
    ? reject("max-slots-too-low", "maxSlots must be at least slots.", "/maxSlots")
    : undefined;
}

function whyNotShape(spec: JobSpec): Decided | undefined {
  const products = new Set(spec.products.map((product) => product.product));
  if (products.size < spec.products.length) {
    return reject("product-twice", "Each product has one limit.", "/products");
  }
  return whyNotFloor(spec) ?? whyNotSplit(spec);
}

function whyNotFloor({ kind, floor, cards }: JobSpec): Decided | undefined {
  if (kind !== "service") {
    return floor === undefined
      ? undefined
      : reject("floor-not-asked", "Only a service has a floor: cards is what any other job takes.", "/floor");
  }
  if (floor === undefined) {
    return reject("floor-missing", "A service says how many cards it has in every slot at least.", "/floor");
  }
  return floor > cards
    ? reject("floor-above-cards", `cards is the ceiling: the floor is at most ${cards}.`, "/floor")
    : undefined;
}

function whyNotSplit({ kind, split, cards }: JobSpec): Decided | undefined {
  if (kind !== "split") {
    return split === undefined
      ? undefined
      : reject("split-not-asked", "Only a job of kind split says how it splits.", "/split");
  }
  if (split === undefined) {
    return reject("split-missing", "A split job says its chunk, bandwidth and latency.", "/split");
  }
  return cards % split.chunk === 0
    ? undefined
    : reject("chunk-odd", "cards must be a multiple of the split's chunk.", "/split/chunk");
}

function whyNotStaged(spec: JobSpec): Decided | undefined {
  const { stageSlots = 0, kind, dataGB, session, slots } = spec;
  if (stageSlots === 0) return undefined;
  if (kind === "div" || dataGB === 0) {
    const why = kind === "div" ? "A divisible job moves no data" : "There is no data to move (dataGB is 0)";
    return reject("nothing-to-stage", `${why}: leave stageSlots out.`, "/stageSlots");
  }
  if (session === "forward" && stageSlots % SLOTS_PER_HOUR !== 0) {
    return reject(
      "stage-not-whole-hours",
      "The forward session sells whole hours: stageSlots must divide by 10.",
      "/stageSlots",
    );
  }
  const longest = session === "spot" ? rules.spotHorizonSlots : rules.forwardStretchMax;
  return stageSlots + slots > longest
    ? reject(
        "stage-too-long",
        `stageSlots and slots come to at most ${longest} in ${session}.`,
        "/stageSlots",
      )
    : undefined;
}
