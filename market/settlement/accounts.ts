import type { AccountId, CenterId, LinkId } from "../../events/catalog/values.ts";

/** Whom the lines of charges and corrections name: each moves mills `from` one `to` another. Storage format. */
export const ledgerAccounts = {
  tenant: (account: AccountId) => `tenant:${account}`,
  center: (center: CenterId) => `center:${center}`,
  link: (link: LinkId) => `link:${link}`,
  /** Congestion rent: what buyers paid less what pools and links received. */
  rent: "rent",
  /** Collected on top of what a tenant pays, and refunded with credits. */
  tax: "tax",
} as const;

/**
 * The chart of accounts. An entry debits the account that the money leaves and credits the one it reaches: a credit
 * balance is what the exchange owes, `bank` is the asset.
 */
export const chart = {
  /** The world outside. */
  bank: "bank",
  /** Prefunded and not held; below 0: overdrawn. */
  available: (account: AccountId) => `tenant:${account}:available`,
  /** Held for bids and awards. */
  held: (account: AccountId) => `tenant:${account}:held`,
  /** Charges posted and not yet paid out of a hold; 0 when all is settled. */
  clearing: "clearing",
  /** Earned, until it is stated in a payout and paid. */
  payable: (center: CenterId) => `center:${center}:payable`,
  /** Owed for penalties, credits and refunds; a debit balance. */
  receivable: (center: CenterId) => `center:${center}:receivable`,
  /** Posted for penalties. */
  guarantee: (center: CenterId) => `center:${center}:guarantee`,
  /** Earned by the owner of a link until it is stated in a payout. */
  link: (link: LinkId) => `link:${link}`,
  /** Congestion rent. */
  rent: "operator:rent",
  /** Release fees pass through: balance 0, the turnover tells. */
  fees: "operator:fees",
  /** Penalties and credits pass through: balance 0, the turnover tells. */
  penalties: "operator:penalties",
  /** Collected on top. */
  tax: "operator:tax",
  /** What invoices and payouts leave to whole fen. */
  rounding: "operator:rounding",
  /** Bears what centers owe beyond their guarantees. */
  defaultFund: "operator:default-fund",
} as const;
