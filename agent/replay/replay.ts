import { createClient, createSlots } from "../client.ts";
import { openingMs, type Scenario } from "../scenario/scenario.ts";
import { SLOT_SECONDS } from "../scenario/scenario-job.ts";
import { createCenterAgent } from "./center-agent.ts";
import { joinAll } from "./members.ts";
import { requestJobs } from "./tenants.ts";
import { doAt, type ReplayClock, type World } from "./world.ts";

export interface ReplayParts {
  readonly scenario: Scenario;
  readonly baseUrl: string;
  readonly clock: ReplayClock;
  token(owner: string, role: string): Promise<string>;
  /** Told of an error that ends the replay. */
  fail(error: unknown): void;
}

/** Requests of all members under way at once. */
const inFlight = 48;
/** Market seconds after a gate at which centers ask for news: its auction is sealed by then. */
const pollDelay = 3;

/** All members of a scenario, who from now on act by themselves as market time goes on. */
export async function startReplay({ scenario, baseUrl, clock, token, fail }: ReplayParts): Promise<World> {
  const slots = createSlots(inFlight);
  const clients = new Map<string, Promise<ReturnType<typeof createClient>>>();
  const world: World = {
    scenario,
    opening: openingMs(scenario),
    clock,
    works: new Map(),
    refusals: new Map(),
    fail,
    client(owner, role) {
      const key = `${role}:${owner}`;
      const known =
        clients.get(key) ?? token(owner, role).then((given) => createClient(baseUrl, given, slots));
      clients.set(key, known);
      return known;
    },
  };
  const release = clock.hold();
  try {
    await joinAll(world);
    requestJobs(world);
    await startCenters(world);
  } finally {
    release();
  }
  return world;
}

async function startCenters(world: World): Promise<void> {
  const { centers, failures, shortages } = world.scenario;
  const agents = new Map(
    await Promise.all(
      centers.map(async (spec) => {
        const client = await world.client(spec.owner, "center");
        return [spec.center, createCenterAgent(world, spec, client)] as const;
      }),
    ),
  );
  const slotMs = SLOT_SECONDS * 1000;
  const tickIn = (slot: number) =>
    doAt(world, world.opening + slot * slotMs + pollDelay * 1000, async () => {
      await Promise.all([...agents.values()].map((agent) => agent.tick()));
      tickIn(slot + 1);
    });
  // They live on after the last day, for as long as the exchange serves.
  tickIn(Math.max(0, Math.floor((world.clock.now() - world.opening) / slotMs)));
  for (const { center, failsAt, returnsAt } of failures) {
    doAt(world, world.opening + failsAt * 1000, async () => agents.get(center)?.fail());
    doAt(world, world.opening + returnsAt * 1000, async () => agents.get(center)?.recover());
  }
  for (const { center, cards, from, to } of shortages) {
    doAt(world, world.opening + from * 1000, async () => agents.get(center)?.loseCards(cards));
    doAt(world, world.opening + to * 1000, async () => agents.get(center)?.regainCards());
  }
}
