import type { Award, LinkUse } from "../events/catalog/award.ts";
import type { DomainEvent } from "../events/catalog/catalog.ts";
import type {
  AccountId,
  CenterId,
  Currency,
  JobId,
  OwnerId,
  PlacementId,
  ProductId,
  Session,
} from "../events/catalog/values.ts";

export interface KnownJob {
  readonly name: string;
  readonly dataGB: number;
  readonly session: Session;
  /** Awards that may still be charged. */
  readonly open: Set<PlacementId>;
  over: boolean;
}

/**
 * What earlier facts say of the names in a charge: centers and accounts for good, jobs and awards only until nothing is
 * charged to them any more, so that memory is bounded by what is open at a time.
 */
export interface References {
  readonly owners: Map<AccountId, { readonly owner: OwnerId; readonly currency: Currency | undefined }>;
  readonly centers: Map<string, { readonly name: string; readonly region: string }>;
  readonly jobs: Map<JobId, KnownJob>;
  readonly awards: Map<PlacementId, Award>;
}

export function emptyReferences(): References {
  return { owners: new Map(), centers: new Map(), jobs: new Map(), awards: new Map() };
}

/** Takes note of a fact; one that charges must be exported first. */
export function noteReferences(references: References, event: DomainEvent): void {
  const { owners, centers, jobs, awards } = references;
  switch (event.type) {
    case "AccountOpened": {
      const { account, owner, currency } = event.data;
      owners.set(account, { owner, currency });
      return;
    }
    case "CenterJoined": {
      const { center, name, region } = event.data;
      centers.set(center, { name, region });
      return;
    }
    case "JobRequested": {
      const { name, dataGB, session } = event.data.spec;
      jobs.set(event.data.job, { name, dataGB, session, open: new Set(), over: false });
      return;
    }
    case "JobPlaced":
    case "JobBridged":
    case "JobContinued": {
      const { award } = event.data;
      awards.set(award.placement, award);
      jobs.get(award.job)?.open.add(award.placement);
      return;
    }
    case "JobRejected":
    case "JobCompleted":
    case "JobFailed":
    case "JobCancelled":
    case "JobExpired": {
      const job = jobs.get(event.data.job);
      if (job !== undefined) job.over = true;
      forget(references, event.data.job);
      return;
    }
    case "ChargePosted": {
      if (!event.data.final) return;
      awards.delete(event.data.placement);
      jobs.get(event.data.job)?.open.delete(event.data.placement);
      forget(references, event.data.job);
      return;
    }
    default:
  }
}

function forget({ jobs }: References, id: JobId): void {
  const job = jobs.get(id);
  if (job?.over === true && job.open.size === 0) jobs.delete(id);
}

/** Cards of an award at a center in `[from, to)`, by product. */
export interface CardsOfProduct {
  readonly product: ProductId;
  readonly cardSlots: bigint;
  /** At the clearing prices, in mills. */
  readonly mills: bigint;
}

export function cardsAt(award: Award, center: CenterId, from: number, to: number): CardsOfProduct[] {
  const byProduct = new Map<ProductId, { cardSlots: bigint; mills: bigint }>();
  for (const fill of award.fills) {
    const slots = Math.min(fill.to, to) - Math.max(fill.from, from);
    if (fill.center !== center || slots <= 0) continue;
    const sum = byProduct.get(fill.product) ?? { cardSlots: 0n, mills: 0n };
    const cardSlots = BigInt(fill.cards * slots);
    sum.cardSlots += cardSlots;
    sum.mills += cardSlots * BigInt(fill.price);
    byProduct.set(fill.product, sum);
  }
  return [...byProduct].map(([product, sum]) => ({ product, ...sum }));
}

/** Gigabits that an award reserves on a link in `[from, to)`. */
export function gigabitsIn(use: LinkUse, from: number, to: number): bigint {
  const slots = Math.min(use.to, to) - Math.max(use.from, from);
  return BigInt(Math.max(0, slots) * use.gigabits);
}
