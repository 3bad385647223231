import type * as z from "zod";
import type { CenterEvent, CenterJoined, LinkSpec } from "../events/catalog/center.ts";
import type { MillsText } from "../events/catalog/values.ts";
import { accept, conflict, type Decider, type Decision, nothing, reject } from "./decider.ts";
import { mills } from "./money.ts";
import { productOf } from "./products.ts";
import { instant, slotOf } from "./time.ts";

export type CenterSpec = z.infer<typeof CenterJoined.data>;

export type CenterCommand =
  | { readonly type: "Join"; readonly spec: CenterSpec }
  | { readonly type: "DeclareLinks"; readonly links: readonly LinkSpec[] }
  /** Replaces the guarantee before, in mills. */
  | { readonly type: "PostGuarantee"; readonly mills: MillsText }
  /** Its lease ran out; `at`: ms since the Unix epoch. */
  | { readonly type: "Lose"; readonly at: number }
  | { readonly type: "Return"; readonly at: number };

export interface KnownCenter {
  readonly phase: "joined" | "lost";
  readonly spec: CenterSpec;
  readonly links: readonly LinkSpec[];
  readonly guarantee: MillsText | undefined;
}

export type CenterState = { readonly phase: "unknown" } | KnownCenter;

type Decided = Decision<CenterEvent>;

/** A center of the network: stream `center-ID`. */
export const centerDecider: Decider<CenterState, CenterCommand, CenterEvent> = {
  initial: { phase: "unknown" },
  decide: decideCenter,
  evolve: evolveCenter,
};

function decideCenter(command: CenterCommand, state: CenterState): Decided {
  if (command.type === "Join") return join(command.spec, state);
  if (state.phase === "unknown") return conflict("center-unknown", "There is no such center.");
  const { center } = state.spec;
  switch (command.type) {
    case "DeclareLinks":
      return declareLinks(command.links, state);
    case "PostGuarantee":
      if (mills(command.mills) < 0n) return reject("guarantee-negative", "Post 0 mills or more.", "/mills");
      if (state.guarantee === command.mills) return nothing;
      return accept({ type: "GuaranteePosted", data: { center, mills: command.mills } });
    case "Lose":
      if (state.phase === "lost") return nothing;
      return accept({ type: "CenterLost", data: { center, ...momentOf(command.at) } });
    case "Return":
      if (state.phase === "joined") return nothing;
      return accept({ type: "CenterReturned", data: { center, ...momentOf(command.at) } });
    default:
      return command satisfies never;
  }
}

const momentOf = (at: number) => ({ at: instant(at), slot: slotOf(at) });

function join(spec: CenterSpec, state: CenterState): Decided {
  if (state.phase !== "unknown") {
    const same = JSON.stringify(spec) === JSON.stringify(state.spec);
    return same ? nothing : conflict("center-exists", "A center of this name has joined already.", "/center");
  }
  const unknown = spec.pools.findIndex(({ product }) => productOf(product) === undefined);
  if (unknown >= 0)
    return reject(
      "product-unknown",
      "GET /market/products lists what is traded.",
      `/pools/${unknown}/product`,
    );
  const named = new Set(spec.pools.map(({ product }) => product));
  if (named.size < spec.pools.length)
    return reject("product-twice", "A center has one pool of a product: add their cards up.", "/pools");
  return accept({ type: "CenterJoined", data: spec });
}

function declareLinks(links: readonly LinkSpec[], { spec, ...state }: KnownCenter): Decided {
  const itself = links.findIndex(({ to }) => to === spec.center);
  if (itself >= 0) return reject("link-to-itself", "A link leads to another center.", `/links/${itself}/to`);
  const targets = new Set(links.map(({ to }) => to));
  if (targets.size < links.length)
    return reject("link-twice", "Declare one link to each center: add their bandwidth up.", "/links");
  if (JSON.stringify(links) === JSON.stringify(state.links)) return nothing;
  return accept({ type: "LinksDeclared", data: { center: spec.center, links: [...links] } });
}

function evolveCenter(state: CenterState, event: CenterEvent): CenterState {
  if (event.type === "CenterJoined")
    return { phase: "joined", spec: event.data, links: [], guarantee: undefined };
  if (state.phase === "unknown") return state;
  switch (event.type) {
    case "LinksDeclared":
      return { ...state, links: event.data.links };
    case "GuaranteePosted":
      return { ...state, guarantee: event.data.mills };
    case "GuaranteeDrawn":
      return { ...state, guarantee: event.data.left };
    case "CenterSuspended":
    case "CenterReinstated":
      return state;
    case "CenterLost":
      return { ...state, phase: "lost" };
    case "CenterReturned":
      return { ...state, phase: "joined" };
    default:
      return event satisfies never;
  }
}

/** Cards of a product that a center has; 0: it has no such pool. */
export function cardsOf({ pools }: CenterSpec, product: string): number {
  return pools.find((pool) => pool.product === product)?.cards ?? 0;
}
