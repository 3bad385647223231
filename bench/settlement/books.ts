import { join } from "node:path";
import * as z from "zod";
import { journalAccount } from "../../exports/journal.ts";
import { type LedgerTotals, ledgerOf } from "../../market/settlement/ledger.ts";
import { answerOf } from "./child-results.ts";
import { checkSeconds, hledgerBalances, hledgerVersion } from "./hledger.ts";
import { foldOf, parsedTotals } from "./measure.ts";

// The same books side by side: folded by us, and as a journal by hledger.

export interface BooksRun {
  readonly version: string;
  readonly transactions: number;
  /** Of each round, in seconds: hledger's check; our fold; reading the pages that it folds. */
  readonly check: readonly number[];
  readonly fold: readonly number[];
  readonly read: readonly number[];
  readonly accounts: number;
  /** Accounts whose balances differ, with both. */
  readonly different: readonly string[];
}

const JournalAnswer = z.object({ transactions: z.int(), position: z.int() });

/** Null: hledger is not installed. Rounds take turns. @throws Error if hledger finds the journal wrong */
export async function measureBooks(
  feed: string,
  most: number,
  rounds: number,
  folder: string,
): Promise<BooksRun | null> {
  const version = await hledgerVersion();
  if (version === null) return null;
  console.error(`the journal of ${most} transactions, ${rounds} rounds with ${version} …`);
  const journal = join(folder, "books.journal");
  const { transactions, position } = await answerOf(
    "journal-child.ts",
    { feed, journal, most },
    JournalAnswer,
  );
  const [check, fold, read]: [number[], number[], number[]] = [[], [], []];
  let totals = "";
  for (let round = 0; round < rounds; round++) {
    check.push(await checkSeconds(journal));
    const into = join(folder, "books.json");
    const folded = await foldOf({ feed, after: 0, upTo: position, from: null, into });
    fold.push(folded.answer.foldSeconds);
    read.push(folded.answer.readSeconds);
    totals = folded.totals;
  }
  const ours = ourBalances(parsedTotals(totals));
  const theirs = await hledgerBalances(journal);
  const different = [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((account) => ours.get(account) !== theirs.get(account))
    .map((account) => `${account}: ${ours.get(account) ?? "0"}, hledger ${theirs.get(account) ?? "0"}`);
  return { version, transactions, check, fold, read, accounts: ours.size, different };
}

/** Debits less credits as hledger prints them, those of 0 left out. */
function ourBalances(totals: Pick<LedgerTotals, "totals" | "charges">): Map<string, string> {
  const { accounts } = ledgerOf(totals);
  const rows = [...accounts].flatMap(([currency, turnovers]) =>
    [...turnovers].flatMap(([account, { debit, credit }]) => {
      const balance = debit - credit;
      const digits = (balance < 0n ? -balance : balance).toString().padStart(4, "0");
      const text = `${balance < 0n ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)} ${currency}`;
      return balance === 0n ? [] : [[journalAccount(account), text] as const];
    }),
  );
  const byAccount = Map.groupBy(rows, ([account]) => account);
  return new Map([...byAccount].map(([account, all]) => [account, all.map(([, text]) => text).join(", ")]));
}
