import type { DomainEvent } from "../events/catalog/catalog.ts";
import { type Entry, entriesOf } from "../market/settlement/ledger.ts";
import { periodOf, slotOf } from "../market/time.ts";
import type { ExportedCommit, ExportedPage, PageSource } from "./pages.ts";

/**
 * The feed's money as a journal for hledger (https://hledger.org/hledger.html#journal): one transaction for each event
 * that moves money, in the feed's order, two postings for each entry, exact to the mill. Accounts, payees and
 * commodities are declared before their first use, so that `hledger check -s ordereddates payees` passes.
 *
 * A transaction has the latest market day of all events up to it: the feed keeps the order of a stream only, and an event
 * may be read after one of the next day. Tag `day` says its own day where that differs, tag `page` where it stands.
 */
export async function* journalOf(pages: PageSource): AsyncGenerator<string> {
  const write = journalWriter();
  yield header;
  for await (const page of pages) {
    const text = write(page);
    if (text !== "") yield text;
  }
}

const header = `; Suanwang: every movement of money in the feed, as double-entry transactions.
; Amounts have three decimals: mills, thousandths of the currency.
decimal-mark .
`;

/** Writes page after page; keeps in mind what it declared and the last date, nothing else. */
export function journalWriter(): (page: ExportedPage) => string {
  const declared = new Set<string>();
  let date = "";
  const declare = (directive: string): string => {
    if (declared.has(directive)) return "";
    declared.add(directive);
    return `\n${directive}\n`;
  };
  const transaction = (event: DomainEvent, entries: readonly Entry[], day: string, position: number) => {
    const { payee, note } = describe(event);
    const postings = entries.flatMap(postingsOf);
    const declarations = [
      `payee ${payee}`,
      ...postings.map(({ account }) => `account ${account}`),
      ...entries.map(({ currency }) => `commodity 1000.000 ${currency}`),
    ];
    const tags = `page:${position}${day === date ? "" : `, day:${day}`}`;
    const lines = postings.map(({ account, amount }) => `    ${account}  ${amount}\n`);
    return `${declarations.map(declare).join("")}\n${date} ${payee} | ${note}  ; ${tags}\n${lines.join("")}`;
  };
  const commitText = ({ time, events }: ExportedCommit, position: number): string => {
    const day = periodOf(slotOf(Date.parse(time)));
    if (day > date) date = day;
    return events
      .map((event) => {
        const entries = entriesOf(event);
        return entries.length === 0 ? "" : transaction(event, entries, day, position);
      })
      .join("");
  };
  return ({ position, commits }) => commits.map((commit) => commitText(commit, position)).join("");
}

interface Posting {
  readonly account: string;
  readonly amount: string;
}

/** Debits are positive. */
function postingsOf({ debit, credit, mills, currency }: Entry): Posting[] {
  const digits = mills.toString().padStart(4, "0");
  const amount = `${digits.slice(0, -3)}.${digits.slice(-3)} ${currency}`;
  return [
    { account: journalAccount(debit), amount },
    { account: journalAccount(credit), amount: `-${amount}` },
  ];
}

/**
 * An account of the ledger under hledger's top-level accounts, by which its reports tell what kind of money it is: what
 * the exchange has, what it owes, what it earned.
 */
export function journalAccount(account: string): string {
  if (account === "bank" || account === "clearing" || account.endsWith(":receivable"))
    return `assets:${account}`;
  if (account === "operator:rent" || account === "operator:rounding") return `revenues:${account}`;
  return `liabilities:${account}`;
}

interface Description {
  readonly payee: string;
  readonly note: string;
}

/** Whom the money is from or for, and what it is. */
function describe(event: DomainEvent): Description {
  const { payee, note } = partyAndNote(event);
  return { payee: plain(payee), note: plain(note) };
}

function partyAndNote(event: DomainEvent): Description {
  switch (event.type) {
    case "FundsDeposited":
      return { payee: `tenant ${event.data.account}`, note: `deposit ${event.data.deposit}` };
    case "FundsHeld":
      return { payee: `tenant ${event.data.account}`, note: `hold ${holdName(event.data)}` };
    case "HoldReleased": {
      const what = event.data.cause === "expired" ? "expired hold" : "released hold";
      return { payee: `tenant ${event.data.account}`, note: `${what} ${holdName(event.data)}` };
    }
    case "HoldSettled":
      return { payee: `tenant ${event.data.account}`, note: `paid charge ${event.data.charge}` };
    case "FundsAdjusted": {
      const { account, cause, adjustment } = event.data;
      return { payee: `tenant ${account}`, note: `${cause} ${adjustment}` };
    }
    case "ChargePosted":
      return { payee: `tenant ${event.data.account}`, note: `charge ${event.data.charge}` };
    case "CorrectionPosted":
      return { payee: `tenant ${event.data.account}`, note: `correction ${event.data.correction}` };
    case "GuaranteePosted":
      return { payee: `center ${event.data.center}`, note: "guarantee" };
    case "GuaranteeDrawn":
      return { payee: `center ${event.data.center}`, note: `guarantee drawn for ${event.data.payout}` };
    case "DefaultFundContributed":
      return { payee: "default fund", note: `contribution ${event.data.contribution}` };
    case "DefaultFundDrawn":
      return { payee: `center ${event.data.center}`, note: `default fund drawn for ${event.data.payout}` };
    case "PayoutStated":
      return { payee: `center ${event.data.center}`, note: `payout ${event.data.payout}` };
    case "PayoutPaid":
      return { payee: `center ${event.data.center}`, note: `paid payout ${event.data.payout}` };
    default:
      return { payee: "exchange", note: event.type };
  }
}

const holdName = ({ job, stretch }: { readonly job: string; readonly stretch: number }) =>
  `${job}/${stretch}`;

/** Without what would end a description: a comment, a bar or a line. */
function plain(text: string): string {
  return text.replaceAll(/[;|\p{C}\p{Z}]+/gu, " ");
}
