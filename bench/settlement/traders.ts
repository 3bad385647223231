import type { Hold } from "../../events/catalog/account.ts";
import type { DomainEvent } from "../../events/catalog/catalog.ts";
import { streams } from "../../events/catalog/streams.ts";
import {
  AccountId,
  CenterId,
  DepositId,
  type JobId,
  LinkId,
  OwnerId,
  type Period,
  ProductId,
} from "../../events/catalog/values.ts";
import { millsText } from "../../market/money.ts";
import type { WrittenFeed } from "./written-feed.ts";

// Who trades on the generated days: tenants with their accounts, and centers with a link each.

export interface Tenant {
  readonly account: AccountId;
  readonly owner: OwnerId;
  /** Basis points. */
  readonly taxRate: number;
  available: bigint;
  deposits: number;
  readonly holds: Map<JobId, Hold>;
}

export interface Seller {
  readonly center: CenterId;
  readonly owner: OwnerId;
  readonly product: ProductId;
  /** To the next center. */
  readonly link: LinkId;
  readonly region: string;
  guarantee: bigint;
}

const products = ["ascend910b", "ascend910c", "a100-80g", "h20"].map((name) => ProductId.parse(name));
const regions = ["CN-SN", "CN-HB", "CN-NX", "CN-GD", "CN-SX"];

/** Mills that an account gets when it runs low: 100,000 CNY. */
const DEPOSIT = 100_000_000n;
/** Mills that a center posts: 1,000,000 CNY. */
const GUARANTEE = 1_000_000_000n;
/** Mills per GB over a link. */
export const PER_GB = 50;

export function tenantsOf(count: number): Tenant[] {
  return Array.from({ length: count }, (_, n) => ({
    account: AccountId.parse(`acct-${n + 1}`),
    owner: OwnerId.parse(`owner-${n + 1}`),
    // A third of them pay tax.
    taxRate: n % 3 === 0 ? 600 : 0,
    available: 0n,
    deposits: 0,
    holds: new Map(),
  }));
}

/** @param count at least 2 */
export function sellersOf(count: number): Seller[] {
  return Array.from({ length: count }, (_, n) => {
    const [own, next] = [`center-${n + 1}`, `center-${((n + 1) % count) + 1}`];
    return {
      center: CenterId.parse(own),
      owner: OwnerId.parse(`operator-${n + 1}`),
      product: products[n % products.length] ?? ProductId.parse("h20"),
      link: LinkId.parse(`${own}~${next}`),
      region: regions[n % regions.length] ?? "CN-SN",
      guarantee: GUARANTEE,
    };
  });
}

export function join(feed: WrittenFeed, sellers: readonly Seller[], ms: number): void {
  for (const { center, owner, product, link, region } of sellers) {
    const to = CenterId.parse(link.slice(link.indexOf("~") + 1));
    const joined: DomainEvent = {
      type: "CenterJoined",
      data: {
        center,
        owner,
        name: `Center ${center.slice(7)}`,
        region,
        homeRegions: [],
        pools: [{ product, cards: 10_000, frameworks: [] }],
        puePermille: 1250,
        energy: new Array(24).fill(500),
        gridFactor: 500,
      },
    };
    const links: DomainEvent = {
      type: "LinksDeclared",
      data: { center, links: [{ to, gbps: 100, latencyMs: 5, perGB: PER_GB }] },
    };
    const guarantee: DomainEvent = {
      type: "GuaranteePosted",
      data: { center, mills: millsText(GUARANTEE) },
    };
    feed.commit(streams.center(center), ms, `center:${owner}`, `join-${center}`, joined, links, guarantee);
  }
}

/** The account's first stream, or the one of the day after. */
export function openAccount(
  feed: WrittenFeed,
  tenant: Tenant,
  period: Period,
  from: Period | null,
  ms: number,
) {
  const { account, owner, taxRate, available } = tenant;
  const opened: DomainEvent = {
    type: "AccountOpened",
    data: {
      account,
      owner,
      period,
      available: millsText(available),
      holds: [...tenant.holds.values()],
      ...(from === null ? {} : { carriedFrom: from }),
      ...(taxRate === 0 ? {} : { taxRate }),
    },
  };
  feed.commit(streams.account(account, period), ms, "finance", `open-${account}-${period}`, opened);
}

/** Sees to it that the account can hold so much: it deposits round sums. */
export function fund(feed: WrittenFeed, tenant: Tenant, mills: bigint, period: Period, ms: number): void {
  if (tenant.available >= mills) return;
  const { account, owner } = tenant;
  const sum = ((mills - tenant.available) / DEPOSIT + 1n) * DEPOSIT;
  tenant.available += sum;
  tenant.deposits += 1;
  const deposit = DepositId.parse(`${account}-${tenant.deposits}`);
  const data = { account, deposit, mills: millsText(sum) };
  feed.commit(streams.deposit(deposit), ms, "finance", deposit, {
    type: "DepositReceived",
    data: { ...data, owner, period },
  });
  feed.commit(streams.account(account, period), ms, "finance", deposit, { type: "FundsDeposited", data });
}
