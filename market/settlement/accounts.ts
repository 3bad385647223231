import type { AccountId, CenterId, LinkId } from "../../events/catalog/values.ts";

/**
 * Names of the ledger's accounts. Every charge line moves mills `from` one `to` another of them; a line debits the
 * account that the money leaves and credits the one that it reaches.
 *
 * `tenant:ACCOUNT` what a tenant's funding account deposited, less what it paid
 * `center:CENTER`  what a center earned with its cards, less its penalties and credits
 * `link:LINK`      what the owner of a link earned with it: prices and transfer
 * `rent`           congestion rent: what buyers paid less what pools and links received
 * `bank`           the world outside: deposits come from here
 */
export const ledgerAccounts = {
  tenant: (account: AccountId) => `tenant:${account}`,
  center: (center: CenterId) => `center:${center}`,
  link: (link: LinkId) => `link:${link}`,
  rent: "rent",
  bank: "bank",
} as const;
