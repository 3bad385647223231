import type { JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { accept, type Decision, reject } from "../decider.ts";
import { millsText } from "../money.ts";
import { rules } from "../rules.ts";
import { bidHold, firstSlots } from "../stretch.ts";
import { SLOTS_PER_HOUR, slotOf } from "../time.ts";
import type { Request } from "./commands.ts";
import type { KnownJob } from "./state.ts";

type Decided = Decision<JobEvent>;

/** A job is taken as it is asked for, if it can ever be awarded. */
export function request(command: Request): Decided {
  const { job, owner, account, spec, parent } = command;
  const wrong = whyNotRequest(spec, slotOf(command.at)) ?? whyNotParent(command);
  if (wrong !== undefined) return wrong;
  const hold = millsText(bidHold(spec));
  const parentEnd = parent?.completedSlot === undefined ? {} : { parentEnd: parent.completedSlot };
  return accept({ type: "JobRequested", data: { job, owner, account, spec, hold, ...parentEnd } });
}

function whyNotRequest(spec: JobSpec, now: number): Decided | undefined {
  return whyNotWindow(spec, now) ?? whyNotLength(spec) ?? whyNotShape(spec);
}

/** Slots of the first award on each product. */
function lengthsOf(spec: JobSpec): number[] {
  return spec.products.map((choice) => firstSlots(spec, choice));
}

function whyNotWindow(spec: JobSpec, now: number): Decided | undefined {
  if (spec.to <= spec.from) return reject("window-reversed", "The window must end after it begins.", "/to");
  const needed = spec.kind === "div" ? 1 : Math.min(...lengthsOf(spec));
  if (spec.to - spec.from < needed) {
    return reject("window-too-short", `The window must hold ${needed} slots.`, "/to");
  }
  const earliest = now + 1;
  return spec.to - needed < earliest
    ? reject("window-passed", `The next gate sells from slot ${earliest}: the window ends too early.`, "/to")
    : undefined;
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
  const timed = spec.products.findIndex((choice) => choice.slots !== undefined);
  if (timed >= 0 && spec.kind === "div") {
    return reject(
      "slots-not-of-gang",
      "A divisible job buys card-slots of any product: only a block or split job has a length per product.",
      `/products/${timed}/slots`,
    );
  }
  if (spec.kind !== "split") {
    return spec.split === undefined
      ? undefined
      : reject("split-not-asked", "Only a job of kind split says how it splits.", "/split");
  }
  if (spec.split === undefined) {
    return reject("split-missing", "A split job says its chunk, bandwidth and latency.", "/split");
  }
  return spec.cards % spec.split.chunk === 0
    ? undefined
    : reject("chunk-odd", "cards must be a multiple of the split's chunk.", "/split/chunk");
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
