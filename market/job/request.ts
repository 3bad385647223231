import type { JobEvent, JobSpec } from "../../events/catalog/job.ts";
import { accept, type Decision, reject } from "../decider.ts";
import { millsText } from "../money.ts";
import { rules } from "../rules.ts";
import { bidHold } from "../stretch.ts";
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
  return whyNotWindow(spec, now) ?? whyNotLength(spec) ?? whyNotShape(spec);
}

function whyNotWindow(spec: JobSpec, now: number): Decided | undefined {
  if (spec.to <= spec.from) return reject("window-reversed", "The window must end after it begins.", "/to");
  const needed = spec.kind === "div" ? 1 : spec.slots;
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
