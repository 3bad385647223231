import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Caller, createClient, createSlots, Refused, type Request } from "../../agent/client.ts";
import type { Operation } from "../../functions/contract/operation.ts";

/** One request of a member, sent with the same key until it was answered. */
export interface Sent {
  readonly operation: string;
  readonly writes: boolean;
  /** What the commit of this request must hold: owner, route and key, hashed as the API's document says. */
  readonly commandId: string;
  /** The lease that it is about. */
  readonly placement?: string;
  state: "waiting" | "under way" | "acknowledged" | "refused";
  /** How often it was sent. */
  sent: number;
  answer?: unknown;
}

/** All requests of all members, and whether there is anybody to send them to. */
export interface Calls {
  readonly all: readonly Sent[];
  /** Refusals by `OPERATION CODE`. */
  readonly refusals: ReadonlyMap<string, number>;
  client(owner: string, token: string): Caller;
  underWay(): readonly Sent[];
  /** The exchange lives: what waits is sent. */
  resume(): void;
  /** The exchange was killed: nothing is sent until it lives again. */
  suspend(): void;
}

/** Requests under way at once: more than the members ever send. */
const inFlight = 256;
/** Before a request is sent again. */
const retryMs = 25;

export function createCalls(baseUrl: string): Calls {
  const all: Sent[] = [];
  const refusals = new Map<string, number>();
  const slots = createSlots(inFlight);
  let alive = Promise.withResolvers<void>();
  let isAlive = false;
  return {
    all,
    refusals,
    underWay: () => all.filter(({ state }) => state === "under way"),
    resume() {
      isAlive = true;
      alive.resolve();
    },
    suspend() {
      // Killed twice without having lived: whoever waits, waits on.
      if (isAlive) alive = Promise.withResolvers();
      isAlive = false;
    },
    client(owner, token) {
      const once = createClient(baseUrl, token, slots, 1);
      const call: Caller["call"] = async (operation, request = {}) => {
        const sent = registered(owner, operation, request);
        all.push(sent);
        for (;;) {
          await alive.promise;
          sent.state = "under way";
          sent.sent += 1;
          try {
            const answer = await once.call(operation, request);
            sent.state = "acknowledged";
            sent.answer = answer;
            return answer;
          } catch (error) {
            sent.state = "waiting";
            if (!(error instanceof Refused) || goesAgain(error.problem)) {
              await sleep(retryMs);
              continue;
            }
            sent.state = "refused";
            const { code } = error.problem;
            const name = `${operation.id} ${code}`;
            refusals.set(name, (refusals.get(name) ?? 0) + 1);
            throw error;
          }
        }
      };
      return { call };
    },
  };
}

/** The exchange's clock may be a little behind its members' after a crash, for they count on by themselves. */
function goesAgain({ status, code }: Refused["problem"]): boolean {
  return status >= 500 || code === "start-too-early";
}

function registered(owner: string, { id, method, path }: Operation, request: Request<Operation>): Sent {
  const route = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => request.params?.[name] ?? "");
  const key = request.key ?? (method === "DELETE" ? "delete" : "");
  const placement = request.params?.placement;
  return {
    operation: id,
    ...(placement === undefined ? {} : { placement }),
    writes: key !== "" && id !== "postQuote",
    commandId: createHash("sha256")
      .update(JSON.stringify([owner, `${method} ${route}`, key]))
      .digest("hex"),
    state: "waiting",
    sent: 0,
  };
}
