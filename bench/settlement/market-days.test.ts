import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyChain } from "../../events/store/chain.ts";
import { type FeedPage, parsePage } from "../../events/store/feed.ts";
import { chart } from "../../market/settlement/accounts.ts";
import {
  balanceOf,
  emptyLedger,
  ledgerOf,
  mergeLedgers,
  totalsOf,
  withEvents,
} from "../../market/settlement/ledger.ts";
import { matchDay } from "../../market/settlement/match.ts";
import { type MatchFact, matchFactsOf } from "../../market/settlement/match-facts.ts";
import {
  accountParty,
  centerBalance,
  centerParty,
  invoiceOf,
  noStatements,
  statementFactsOf,
  withFacts,
} from "../../market/settlement/statements.ts";
import { type MarketDays, marketDays } from "./market-days.ts";

const shapes = fc.record({
  jobs: fc.integer({ min: 0, max: 80 }),
  days: fc.integer({ min: 1, max: 3 }),
  accounts: fc.integer({ min: 1, max: 6 }),
  centers: fc.integer({ min: 2, max: 4 }),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});
const some: MarketDays = { jobs: 900, days: 2, accounts: 5, centers: 4, seed: 3 };

const eventsOf = (pages: readonly FeedPage[]) =>
  pages.flatMap(({ commits }) => commits.flatMap((commit) => commit.events));

describe("drawn settlement days", () => {
  test("are a feed as the relay writes it: chained, of the catalogue, each stream without a gap", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const pages = [...marketDays(shape)];
        expect(verifyChain(pages)).toMatchObject({ ok: true });
        const next = new Map<string, number>();
        for (const page of pages) {
          expect(parsePage(page).commits).toEqual(page.commits);
          for (const { stream, version, events } of page.commits) {
            expect(version, stream).toBe(next.get(stream) ?? 1);
            next.set(stream, version + events.length);
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  test("are the same for the same seed, and others for another", () => {
    const bytes = (seed: number) => [...marketDays({ ...some, jobs: 50, seed })].map((page) => page.bytes);
    expect(bytes(3)).toEqual(bytes(3));
    expect(bytes(3)).not.toEqual(bytes(4));
  });

  test("settle every charge, and leave each account what it carries", () => {
    const events = eventsOf([...marketDays(some)]);
    const ledger = withEvents(emptyLedger, events);
    expect(balanceOf(ledger, chart.clearing)).toBe(0n);
    const carried = events.flatMap((event) =>
      event.type === "AccountOpened" && event.data.period === "2026-03-04" ? [event.data] : [],
    );
    expect(carried).toHaveLength(some.accounts);
    for (const { account, available } of carried) {
      const rounding = events.reduce(
        (sum, event) =>
          event.type === "FundsAdjusted" && event.data.adjustment === `${account}-2026-03-03`
            ? sum + BigInt(event.data.mills)
            : sum,
        0n,
      );
      expect(balanceOf(ledger, chart.available(account)) - rounding).toBe(BigInt(available));
      expect(balanceOf(ledger, chart.held(account))).toBe(0n);
    }
  });

  test("fold to the same totals in one go and in two, wherever they are cut", () => {
    const pages = [...marketDays(some)];
    const whole = totalsOf(withEvents(emptyLedger, eventsOf(pages)));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: pages.length }), (at) => {
        const first = totalsOf(withEvents(emptyLedger, eventsOf(pages.slice(0, at))));
        const rest = eventsOf(pages.slice(at));
        expect(totalsOf(withEvents(ledgerOf(first), rest))).toEqual(whole);
        expect(totalsOf(mergeLedgers(ledgerOf(first), withEvents(emptyLedger, rest)))).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  test("bill and pay what the exchange's own statements do", () => {
    const pages = [...marketDays(some)];
    const events = eventsOf(pages);
    const holders = new Map(
      events.flatMap((event) => (event.type === "AccountOpened" ? [[event.data.account, event.data]] : [])),
    );
    let [after, billed, paid] = [0, 0, 0];
    for (const { period, at, position } of events.flatMap((event) =>
      event.type === "PeriodCutOff" ? [event.data] : [],
    )) {
      const range = eventsOf(pages.filter((page) => page.position > after && page.position <= position));
      const statements = withFacts(noStatements, range.flatMap(statementFactsOf));
      for (const event of events) {
        if (event.type === "InvoiceIssued" && event.data.period === period) {
          const { account, net, tax, gross, payable, rounding } = event.data;
          const [statement, holder] = [statements.get(accountParty(account)), holders.get(account)];
          if (statement === undefined || holder === undefined) throw new Error(`${account} was not charged`);
          const own = invoiceOf(
            account,
            statement,
            { ...holder, taxRate: holder.taxRate ?? 0 },
            { period, at },
          );
          expect(own).toMatchObject({ net, tax, gross, payable, rounding });
          billed += 1;
        }
        if (event.type === "PayoutStated" && event.data.period === period) {
          const statement = statements.get(centerParty(event.data.center));
          if (statement === undefined) throw new Error(`${event.data.center} earned nothing`);
          const { earned, owed, linksEarned } = centerBalance(statement);
          const links = event.data.links.reduce((sum, link) => sum + BigInt(link.mills), 0n);
          expect([earned, owed, linksEarned]).toEqual([
            BigInt(event.data.earned),
            BigInt(event.data.owed),
            links,
          ]);
          paid += 1;
        }
      }
      after = position;
    }
    expect([billed, paid]).toEqual([some.accounts * some.days, some.centers * some.days]);
  });

  test("have just the breaks that were drawn, day by day", () => {
    const pages = [...marketDays({ ...some, jobs: 2000 })];
    const events = eventsOf(pages);
    const drawn = events.flatMap((event) => (event.type === "BreakFound" ? [event.data] : []));
    const cuts = events.flatMap((event) => (event.type === "PeriodCutOff" ? [event.data] : []));
    const found: string[] = [];
    let [carried, after]: [readonly MatchFact[], number] = [[], 0];
    for (const { period, position } of cuts) {
      const facts = pages
        .filter((page) => page.position > after && page.position <= position)
        .flatMap(({ commits }) => commits)
        .flatMap(({ stream, version, time, events: of }) =>
          of.flatMap((event, n) => matchFactsOf(event, { stream, version: version + n, time })),
        );
      const day = matchDay(facts, carried, period);
      found.push(...day.breaks.map(({ code, placement }) => `${code} ${placement}`));
      [carried, after] = [day.carried, position];
    }
    expect(found.length).toBeGreaterThan(1);
    // An award that ends near midnight may be told in two parts, on two days.
    expect([...new Set(found)].sort()).toEqual(
      drawn.map(({ code, placement }) => `${code} ${placement}`).sort(),
    );
  });
});
