import type { JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { accept, type Decision, reject } from "../decider.ts";
import { millsText } from "../money.ts";
import { rules } from "../rules.ts";
import { withTax } from "../settlement/tax.ts";
import { bidHold, firstOnSale, firstSlots, firstStart, leastSlots, wholeSlots } from "../stretch.ts";
import { SLOTS_PER_HOUR } from "../time.ts";
import type { Request } from "./commands.ts";
import type { KnownJob } from "./state.ts";

type Decided = Decision<JobEvent>;

/** A job is taken as it is asked for, if it can ever be awarded. */
export function request(command: Request): Decided {
  const { job, owner, account, spec, taxRate = 0, parent } = command;
  const wrong = whyNotRequest(spec, command.at) ?? whyNotParent(command);
  if (wrong !== undefined) return wrong;
  const hold = millsText(withTax(bidHold(spec), taxRate));
  const tax = taxRate === 0 ? {} : { taxRate };
  const parentEnd = parent?.completedSlot === undefined ? {} : { parentEnd: parent.completedSlot };
  return accept({ type: "JobRequested", data: { job, owner, account, spec, hold, ...parentEnd, ...tax } });
}

function whyNotRequest(spec: JobSpec, at: number): Decided | undefined {
  return (
    whyNotWindow(spec) ??
    whyNotLength(spec) ??
    whyNotShape(spec) ??
    whyNotStaged(spec) ??
    whyNotOnSale(spec, at)
  );
}

/** Slots of the first award on each product. */
function lengthsOf(spec: JobSpec): number[] {
  return spec.products.map((choice) => firstSlots(spec, choice));
}

function whyNotWindow(spec: JobSpec): Decided | undefined {
  if (spec.to <= spec.from) return reject("window-reversed", "The window must end after it begins.", "/to");
  if (spec.kind === "service") return whyNotServed(spec);
  const needed = fewestSlots(spec);
  return spec.to - spec.from < needed
    ? reject("window-too-short", `The window must hold ${needed} slots.`, "/to")
    : undefined;
}

/** Of its first award, on the fastest of its products. */
function fewestSlots(spec: JobSpec): number {
  return leastSlots(spec, Math.min(...lengthsOf(spec)));
}

/** A gate to come must sell a start in the window; forward ones sell whole hours. */
function whyNotOnSale(spec: JobSpec, at: number): Decided | undefined {
  const { session, kind, from, to, stageSlots = 0 } = spec;
  const earliest = firstOnSale(session, at) + stageSlots;
  if (kind === "service") {
    return from < earliest
      ? reject("window-begun", `${startsFrom(spec, earliest)}: begin the window there or later.`, "/from")
      : undefined;
  }
  const needed = wholeSlots(session, fewestSlots(spec));
  const end = firstStart(spec, at) + needed;
  if (to >= end) return undefined;
  const advice = `to must be ${end} at least`;
  return to < wholeSlots(session, from) + needed
    ? reject("window-too-short", `The forward session sells whole hours: ${advice}.`, "/to")
    : reject("window-passed", `${startsFrom(spec, earliest)}: ${advice}.`, "/to");
}

/** The first slot in which such a job may start, and why not before: the begin of a sentence. */
export function startsFrom({ stageSlots = 0 }: Pick<JobSpec, "stageSlots">, earliest: number): string {
  return stageSlots === 0
    ? `The next gate sells from slot ${earliest}`
    : `With ${stageSlots} slots to move its data it starts in slot ${earliest} at the earliest`;
}

/** A service is served from the first to the last slot of its window. */
function whyNotServed({ from, to, slots, session }: JobSpec): Decided | undefined {
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
  return undefined;
}

function whyNotLength(spec: JobSpec): Decided | undefined {
  const spot = spec.session === "spot";
  const longest = spot ? rules.spotHorizonSlots : rules.forwardStretchMax;
  for (const { slots, field } of namedLengths(spec)) {
    if (slots > longest) {
      const advice = spot ? " Use the forward session, or a shorter first award and an extendLimit." : "";
      return reject("too-long", `A ${spec.session} award has at most ${longest} slots.${advice}`, field);
    }
    if (!spot && slots % SLOTS_PER_HOUR !== 0) {
      return reject(
        "not-whole-hours",
        "The forward session sells whole hours: slots must divide by 10.",
        field,
      );
    }
  }
  const most = Math.max(...lengthsOf(spec));
  return spec.maxSlots < most
    ? reject("max-slots-too-low", `maxSlots must be at least ${most}, the longest first award.`, "/maxSlots")
    : undefined;
}

interface NamedLength {
  readonly slots: number;
  readonly field: string;
}

/** Lengths as the request has them, with their fields. */
function namedLengths({ slots: all, products }: JobSpec): NamedLength[] {
  const own = products.map(({ slots = all }, index) => ({ slots, field: `/products/${index}/slots` }));
  return [{ slots: all, field: "/slots" }, ...own];
}

function whyNotShape(spec: JobSpec): Decided | undefined {
  const products = new Set(spec.products.map((product) => product.product));
  if (products.size < spec.products.length) {
    return reject("product-twice", "Each product has one limit.", "/products");
  }
  return whyNotOwnLength(spec) ?? whyNotFloor(spec) ?? whyNotSplit(spec);
}

function whyNotOwnLength(spec: JobSpec): Decided | undefined {
  const timed = spec.products.findIndex((choice) => choice.slots !== undefined);
  if (timed < 0 || isGang(spec)) return undefined;
  const why =
    spec.kind === "service"
      ? "A service runs for its whole window"
      : "A divisible job buys card-slots of any product";
  return reject(
    "slots-not-of-gang",
    `${why}: only a block or split job has a length per product.`,
    `/products/${timed}/slots`,
  );
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
  const { stageSlots = 0, kind, dataGB, session } = spec;
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
  return stageSlots + Math.max(...lengthsOf(spec)) > longest
    ? reject(
        "stage-too-long",
        `stageSlots and slots come to at most ${longest} in ${session}.`,
        "/stageSlots",
      )
    : undefined;
}

const isGang = ({ kind }: JobSpec) => kind === "block" || kind === "split";

/** A parent is a gang of the same owner that can still be awarded, or has completed: it has an end to start at. */
function whyNotParent({ job, owner, spec, parent }: Request): Decided | undefined {
  if (spec.parent === undefined) return undefined;
  if (parent === undefined || parent.request.owner !== owner || spec.parent === job) {
    return reject("parent-unknown", "There is no such job of yours: GET /jobs lists them.", "/parent");
  }
  if (!isGang(spec) || !isGang(parent.request.spec)) {
    return reject("parent-not-gang", "A parent and its child are jobs of kind block or split.", "/parent");
  }
  if (spec.group !== undefined && spec.group === parent.request.spec.group) {
    return reject(
      "parent-in-group",
      "At most one job of a group is awarded: a child cannot be in its parent's.",
      "/group",
    );
  }
  return isOver(parent)
    ? reject(
        "parent-ended",
        `The parent is ${parent.phase}: name one that completed or still may.`,
        "/parent",
      )
    : undefined;
}

function isOver({ phase }: KnownJob): boolean {
  switch (phase) {
    case "rejected":
    case "failed":
    case "cancelled":
    case "expired":
      return true;
    case "requested":
    case "queued":
    case "reserved":
    case "accepted":
    case "running":
    case "completed":
      return false;
    default:
      return phase satisfies never;
  }
}
