import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import type { Commit } from "../../events/catalog/envelope.ts";
import type { ChargeLine } from "../../events/catalog/job.ts";
import { DrawId, PlacementId } from "../../events/catalog/values.ts";
import { hashBytes } from "../../events/store/chain.ts";
import { mills, millsText } from "../../market/money.ts";
import type { ChargePostedData } from "../../market/settlement/award-balance.ts";
import { product } from "../../test/exchange-in-memory.ts";
import { agreeing, type Change, eventsOf, forged, rechained } from "../../test/forged-feed.ts";
import { type Day, honestDay } from "../../test/honest-day.ts";
import { audit } from "./audit.ts";
import type { RawPage } from "./feed.ts";

const chain = "feed chain verified, every commit once and in order";

const balance = "sum of debits = sum of credits";

const awards = "charges of the ledger = awards recomputed from the raw log";

const tax = "tax of each job = its rate on what its tenant paid for";

const holds = "every charge paid once, out of funds held";

const cards = "no card sold twice";

const reclaims = "reclaimed cards given back, by jobs that take such cards only";

let day: Day;

beforeAll(async () => {
  day = await honestDay();
});

describe("an honest day", () => {
  test("passes every check, and each says what it compared", () => {
    const { pages } = day;
    const events = eventsOf(pages).length;
    const settlements = eventsOf(pages).filter(({ type }) => type === "HoldSettled").length;
    expect(audit(pages)).toEqual([
      { name: chain, ok: true, detail: `${pages.length} pages, ${events} events` },
      { name: balance, ok: true, detail: expect.stringMatching(/^3,1\d\d\.\d\d CNY$/) },
      { name: awards, ok: true, detail: expect.stringMatching(/^15 awards, \d\d\.\d\d CNY$/) },
      { name: tax, ok: true, detail: expect.stringMatching(/^\d\.\d\d CNY$/) },
      { name: holds, ok: true, detail: `${settlements} settlements` },
      { name: cards, ok: true, detail: expect.stringMatching(/^\d+ pool slots$/) },
      { name: reclaims, ok: true, detail: "0 reclaims" },
    ]);
  });

  test("holds what the checks are about: every kind of charge, cards sold again, and a day's close", () => {
    const kinds = eventsOf(day.pages).flatMap((event) =>
      event.type === "ChargePosted" ? [event.data.charge.split(":")[1]] : [],
    );
    expect(new Set(kinds)).toEqual(new Set(["end", "day", "release", "reduce.c-2"]));
    const types = new Set<string>(eventsOf(day.pages).map(({ type }) => type));
    for (const type of ["JobContinued", "JobReduced", "JobDisplaced", "JobCancelled", "PeriodClosed"])
      expect(types).toContain(type);
  });

  test("passes at each of its pages, so that an audit may run at any time", () => {
    for (let length = 0; length <= day.pages.length; length++) {
      const failing = Object.keys(faultsOf(day.pages.slice(0, length)));
      // Between two pages a charge may wait for its settlement, nothing else.
      expect(failing.filter((name) => name !== holds)).toEqual([]);
    }
  });

  test("is the same when it is written again without a change", () => {
    expect(forged(day.pages, (event) => [event])).toEqual(day.pages);
    expect(agreeing(day.pages)).toEqual(day.pages);
  });
});

describe("the chain", () => {
  const harmless = ({ position, text }: RawPage) => ({
    position,
    text: text.replace('"actor":"', '"actor":"x'),
  });

  test("finds any page left out, and any that comes twice", () => {
    for (const index of day.pages.keys()) {
      const [before, page, after] = [day.pages.slice(0, index), day.pages[index], day.pages.slice(index + 1)];
      if (page === undefined) throw new Error("no page");
      // Nobody can tell that there was a page after the last one.
      if (after.length > 0) expect(faultsOf([...before, ...after])).toHaveProperty([chain]);
      expect(faultsOf([...before, page, page, ...after])).toHaveProperty([chain]);
    }
  });

  test("finds a page whose bytes were changed, though its events say the same", () => {
    for (const index of day.pages.keys()) {
      if (index === day.pages.length - 1) continue;
      const pages = day.pages.map((page, at) => (at === index ? harmless(page) : page));
      const says = `page ${index + 2} holds another hash of the page before`;
      expect(faultsOf(pages)).toEqual({ [chain]: expect.stringContaining(says) });
    }
  });

  test("finds another hash of the page before, in the page and behind it", () => {
    const pages = day.pages.map((page) =>
      page.position === 4
        ? { ...page, text: page.text.replace(/"previousHash":"./, '"previousHash":"g') }
        : page,
    );
    expect(faultsOf(pages)).toEqual({
      [chain]: "page 4 holds another hash of the page before (and 1 more)",
    });
  });

  test("finds a page that names another position", () => {
    const pages = rechained(day.pages, (commits) => commits).map((page) =>
      page.position === day.pages.length
        ? {
            ...page,
            text: page.text.replace(/"position":\d+,"previousHash"/, '"position":99,"previousHash"'),
          }
        : page,
    );
    expect(faultsOf(pages)).toEqual({ [chain]: `page ${day.pages.length} stands at ${day.pages.length}` });
  });

  const isStart = ({ events }: Commit) => events[0]?.type === "JobStarted";
  test.each<readonly [string, (commits: readonly Commit[]) => Commit[]]>([
    ["left out", (commits) => commits.filter((commit) => !isStart(commit))],
    ["put in twice", (commits) => commits.flatMap((commit) => (isStart(commit) ? [commit, commit] : commit))],
    [
      "put before its predecessors",
      (commits) => [...commits.filter(isStart), ...commits.filter((commit) => !isStart(commit))],
    ],
  ])("finds a commit that was %s, by whoever wrote all hashes anew", (_, change) => {
    expect(faultsOf(rechained(day.pages, change))).toEqual({
      [chain]: expect.stringMatching(/^job-\S+ has version \d+ where \d+ comes next/),
    });
  });

  test("finds that a closed day names another page than it closed with", () => {
    const { pages } = day;
    const lie = forged(pages, (event) =>
      event.type === "PeriodClosed"
        ? [{ ...event, data: { ...event.data, feedHash: hashBytes("another page") } }]
        : [event],
    );
    expect(faultsOf(lie)).toEqual({
      [chain]: "period 2026-03-02 closed with another page than the feed's (and 1 more)",
    });
  });
});

describe("debits and credits", () => {
  const stating =
    (change: (data: Extract<DomainEvent, { type: "PeriodClosed" }>["data"]) => typeof data): Change =>
    (event) =>
      event.type === "PeriodClosed" && event.data.period === "2026-03-02"
        ? [{ ...event, data: change(event.data) }]
        : [event];
  const one = millsText(1n);

  const paged =
    (pages: number): Change =>
    (event) => {
      if (event.type !== "PeriodClosed" || event.data.period !== "2026-03-02") return [event];
      const { period, totals } = event.data;
      const stated = { period, page: 1, totals: totals.slice(2) };
      const rest = { ...event, data: { ...event.data, totals: totals.slice(0, 2), pages } };
      return [parseEvent("PeriodTotalsStated", stated), rest];
    };

  test("are as right where a day states some of its totals before it closes", () => {
    expect(faultsOf(forged(day.pages, paged(1)))).toEqual({});
    expect(faultsOf(forged(day.pages, paged(2)))).toEqual({
      [balance]: "period 2026-03-02 names 2 pages of totals, 1 are stated",
    });
  });

  test.each<readonly [string, Change]>([
    [
      "a debit without its credit",
      stating((data) => ({
        ...data,
        totals: data.totals.filter(({ account }) => account !== "center:c-1:payable"),
      })),
    ],
    [
      "a credit without its debit",
      stating((data) => ({
        ...data,
        totals: [...data.totals, { account: "x", debit: millsText(0n), credit: one }],
      })),
    ],
    [
      "a credit to another account",
      stating((data) => ({
        ...data,
        totals: data.totals.map((row) =>
          row.account === "center:c-1:payable" ? { ...row, account: "center:c-9:payable" } : row,
        ),
      })),
    ],
    [
      "an account that is stated twice",
      stating((data) => ({ ...data, totals: [...data.totals, ...data.totals.slice(0, 1)] })),
    ],
    ["other debits than its accounts add up to", stating((data) => ({ ...data, debits: one }))],
    ["other credits than its accounts add up to", stating((data) => ({ ...data, credits: one }))],
    ["a charge that its pages do not hold", stating((data) => ({ ...data, charges: data.charges + 1 }))],
  ])("%s in a closed day is found", (_, change) => {
    expect(faultsOf(forged(day.pages, change))).toEqual({
      [balance]: expect.stringContaining("period 2026-03-02"),
    });
  });

  test.each([
    ["nothing", { from: "rent", to: "center:c-1", mills: millsText(0n) }],
    ["less than nothing", { from: "rent", to: "center:c-1", mills: millsText(-5n) }],
    ["money from an account to itself", { from: "rent", to: "rent", mills: millsText(5n) }],
  ])("a line that moves %s is found", (_, moved) => {
    const line: ChargeLine = { kind: "rent", row: 3, ...moved };
    const lie = forged(
      day.pages,
      recharging(day.placements.resold, "end", (lines) => [...lines, line]),
    );
    expect(faultsOf(agreeing(lie))).toEqual({
      [balance]: `charge ${chargeOf(day.placements.resold, "end")} has a line that moves nothing`,
    });
  });
});

describe("charges and awards", () => {
  const paying = (more: bigint) => (lines: readonly ChargeLine[]) =>
    lines.map((line) =>
      line.kind === "compute" ? { ...line, mills: millsText(mills(line.mills) + more) } : line,
    );

  test.each([
    ["a mill more", 1n],
    ["a mill less", -1n],
  ])("a job that pays %s than its award is found, though its account and the ledger agree", (_, more) => {
    for (const name of ["early", "wide", "resold", "quit", "refused", "late"] as const) {
      const placement = day.placements[name];
      const lie = agreeing(forged(day.pages, recharging(placement, "end", paying(more))));
      expect(faultsOf(lie)).toEqual({
        [awards]: expect.stringContaining(`award ${placement} was charged`),
      });
    }
  });

  test("a job whose center was not ready pays nothing", () => {
    const { unready } = day.placements;
    const line: ChargeLine = {
      kind: "compute",
      row: 2,
      from: "tenant:bolt",
      to: "center:c-1",
      mills: millsText(800n),
    };
    const lie = forged(
      day.pages,
      recharging(unready, "end", (lines) => [...lines, line]),
    );
    expect(faultsOf(agreeing(lie))).toEqual({
      [awards]: expect.stringContaining(`award ${unready} was charged 800 mills`),
    });
  });

  test("a line that was changed and nothing else is found wherever it shows", () => {
    const lie = forged(day.pages, (event) =>
      event.type === "ChargePosted" && event.data.charge === chargeOf(day.placements.resold, "end")
        ? [{ ...event, data: { ...event.data, lines: paying(1n)(event.data.lines) } }]
        : [event],
    );
    expect(Object.keys(faultsOf(lie))).toEqual([balance, awards, holds]);
  });

  test.each([
    ["resold", "end", "charged 0 mills", 4000n],
    // Its run ended: that its last award was never charged must show, and that a day of its first was not.
    ["longer", "end", "charged 0 mills", 3200n],
    ["night", "day", "charged 4000 mills", 8000n],
  ] as const)("a charge of job %s for its %s that was never posted is found", (name, kind, says, due) => {
    const placement = day.placements[name];
    const charge = chargeOf(placement, kind);
    const lie = forged(day.pages, (event) =>
      (event.type === "ChargePosted" || event.type === "HoldSettled") && event.data.charge === charge
        ? []
        : [event],
    );
    expect(faultsOf(agreeing(lie))).toEqual({
      [awards]: expect.stringMatching(new RegExp(`^award ${placement} was ${says}, .* come to ${due}$`)),
    });
  });

  test("a charge that is posted twice is found", () => {
    const charge = chargeOf(day.placements.resold, "end");
    const lie = forged(day.pages, (event) =>
      event.type === "ChargePosted" && event.data.charge === charge ? [event, event] : [event],
    );
    expect(faultsOf(agreeing(lie))).toEqual({ [awards]: `charge ${charge} is posted twice (and 1 more)` });
  });

  test("a fee is within its rate of what was given back, and not less than what no gate could sell again", () => {
    const placement = day.placements.dropped;
    const feeOf = (fee: bigint) =>
      recharging(placement, "release", (lines) =>
        lines.map((line) => (line.kind === "releaseFee" ? { ...line, mills: millsText(fee) } : line)),
      );
    // 10 % of 8 cards at 100 fen, for the 4 of its 10 slots whose last gates closed; of one of them it had before.
    expect(faultsOf(agreeing(forged(day.pages, feeOf(320n))))).toEqual({});
    expect(faultsOf(agreeing(forged(day.pages, feeOf(321n))))).toEqual({
      [awards]: `award ${placement} pays 321 mills of fees, at most 320 are due`,
    });
    expect(faultsOf(agreeing(forged(day.pages, feeOf(79n))))).toEqual({});
    expect(faultsOf(agreeing(forged(day.pages, feeOf(78n))))).toEqual({
      [awards]: `award ${placement} pays 78 mills of fees, at least 79 are due`,
    });
  });

  test.each([
    // What it metered of the slot it failed in is in the charge of the whole job, or in that of its own part.
    ["lone", "end"],
    ["wide", "reduce.c-2"],
  ] as const)("a center that failed job %s is paid for that slot at most", (name, kind) => {
    const placement = day.placements[name];
    const fills = eventsOf(day.pages).flatMap((event) =>
      event.type === "JobPlaced" && event.data.award.placement === placement ? event.data.award.fills : [],
    );
    const { cards = 0, price = 0 } = fills.find(({ center }) => center === "c-2") ?? {};
    const most = BigInt(cards * price);
    const paid = (amount: bigint) =>
      recharging(placement, kind, (lines) =>
        lines.map((line) =>
          line.kind === "compute" && line.cardSlots === undefined
            ? { ...line, mills: millsText(amount) }
            : line,
        ),
      );
    expect(faultsOf(agreeing(forged(day.pages, paid(most))))).toEqual({});
    expect(faultsOf(agreeing(forged(day.pages, paid(most + 1n))))).toEqual({
      [awards]: expect.stringContaining(`award ${placement} was charged`),
    });
  });

  test("a charge for what no sealed auction awarded is found", () => {
    const { resold } = day.placements;
    const lie = forged(day.pages, (event) =>
      event.type === "AuctionCleared" && resold.endsWith(`.${event.data.auction}`) ? [] : [event],
    );
    expect(faultsOf(agreeing(lie))).toEqual({
      [awards]: `a charge names ${resold}, which no sealed auction awarded`,
    });
  });
});

describe("accounts", () => {
  const settling =
    (change: (event: Extract<DomainEvent, { type: "HoldSettled" }>) => readonly DomainEvent[]): Change =>
    (event) =>
      event.type === "HoldSettled" && event.data.charge === chargeOf(day.placements.resold, "end")
        ? change(event)
        : [event];
  const plus = (amount: string, more: bigint) => millsText(BigInt(amount) + more);

  test("a settlement of another amount is found", () => {
    const lie = settling((event) => {
      const { paid, released } = event.data;
      return [{ ...event, data: { ...event.data, paid: plus(paid, 1n), released: plus(released, -1n) } }];
    });
    expect(faultsOf(agreeing(forged(day.pages, lie)))).toEqual({
      [holds]: `charge ${chargeOf(day.placements.resold, "end")} is 4000 mills, 4001 were paid`,
    });
  });

  test("a charge that is paid otherwise than its lines say is found", () => {
    const charge = chargeOf(day.placements.resold, "end");
    const lie = forged(day.pages, (event) => {
      if (event.type === "ChargePosted" && event.data.charge === charge)
        return [{ ...event, data: { ...event.data, tenantPays: plus(event.data.tenantPays, 1n) } }];
      if (event.type !== "HoldSettled" || event.data.charge !== charge) return [event];
      const { paid, released } = event.data;
      return [{ ...event, data: { ...event.data, paid: plus(paid, 1n), released: plus(released, -1n) } }];
    });
    expect(faultsOf(agreeing(lie))).toEqual({
      [holds]: `charge ${charge} takes 4001 mills, its lines come to 4000`,
    });
  });

  test("a charge that is paid twice is found", () => {
    const lie = settling((event) => [
      event,
      { ...event, data: { ...event.data, released: plus(event.data.paid, 0n) } },
    ]);
    expect(faultsOf(agreeing(forged(day.pages, lie)))).toEqual({
      [holds]: expect.stringContaining("was paid twice"),
    });
  });

  test("a charge that is never paid is found", () => {
    const unpaid = forged(
      day.pages,
      settling(() => []),
    );
    expect(faultsOf(agreeing(unpaid))).toEqual({
      [holds]: `1 charges were never paid, the first is ${chargeOf(day.placements.resold, "end")}`,
    });
  });

  test("an account that holds more than it has is found", () => {
    let first = true;
    const lie = forged(day.pages, (event) => {
      if (event.type !== "FundsHeld" || event.data.account !== "acme" || !first) return [event];
      first = false;
      return [{ ...event, data: { ...event.data, mills: millsText(1_000_001n) } }];
    });
    expect(faultsOf(agreeing(lie))).toEqual({
      [holds]: expect.stringContaining("account-acme-2026-03-02 falls below nothing"),
    });
  });

  test("an account that pays more out of a hold than it held is found", () => {
    const { resold } = day.placements;
    const lie = forged(day.pages, (event) =>
      event.type === "FundsHeld" && resold.startsWith(`${event.data.job}.`)
        ? [{ ...event, data: { ...event.data, mills: millsText(1n) } }]
        : [event],
    );
    expect(faultsOf(agreeing(lie))).toEqual({
      [holds]: expect.stringContaining("account-bolt-2026-03-02 falls below nothing"),
    });
  });

  type Funds = "AccountOpened" | "AccountCarried";
  /** A mill more for acme: where its first period opens, its second is carried, or its third opens. */
  const enriching =
    (...places: readonly (readonly [Funds, string])[]): Change =>
    (event) => {
      if (event.type !== "AccountOpened" && event.type !== "AccountCarried") return [event];
      const { account, period, available } = event.data;
      const here = places.some(([type, of]) => type === event.type && of === period);
      return account === "acme" && here
        ? [parseEvent(event.type, { ...event.data, available: plus(available, 1n) })]
        : [event];
    };

  test("money from nowhere is found where an account opens", () => {
    const first = forged(day.pages, enriching(["AccountOpened", "2026-03-02"]));
    expect(faultsOf(agreeing(first))).toEqual({
      [holds]: "account-acme-2026-03-02 opens with other funds than were carried",
    });
    const later = forged(day.pages, enriching(["AccountOpened", "2026-03-04"]));
    expect(faultsOf(later)).toEqual({
      [holds]: "account-acme-2026-03-04 opens with other funds than were carried",
    });
  });

  test("money from nowhere is found where an account is carried, though the next period agrees", () => {
    const lie = enriching(["AccountCarried", "2026-03-03"], ["AccountOpened", "2026-03-04"]);
    expect(faultsOf(forged(day.pages, lie))).toEqual({
      [holds]: "account-acme-2026-03-03 carries other funds than it has",
    });
  });

  test.each<readonly [string, Change]>([
    [
      "credited twice",
      (event) =>
        event.type === "FundsDeposited" && event.data.account === "acme" ? [event, event] : [event],
    ],
    [
      "credited with more than came in",
      (event) =>
        event.type === "FundsDeposited" && event.data.account === "acme"
          ? [{ ...event, data: { ...event.data, mills: plus(event.data.mills, 1n) } }]
          : [event],
    ],
    [
      "credited though none came in",
      (event) => (event.type === "DepositReceived" && event.data.account === "acme" ? [] : [event]),
    ],
  ])("a deposit that is %s is found", (_, change) => {
    expect(faultsOf(agreeing(forged(day.pages, change)))).toEqual({
      [holds]: expect.stringContaining("deposit"),
    });
  });
});

describe("cards", () => {
  test("all of an offer may be sold, and not one more", () => {
    const offering = (count: number) =>
      forged(day.pages, (event) =>
        event.type === "CapacityOffered" && event.data.center === "c-1"
          ? [{ ...event, data: { ...event.data, cards: count } }]
          : [event],
      );
    expect(faultsOf(offering(16))).toEqual({});
    expect(faultsOf(offering(15))).toEqual({
      [cards]: expect.stringContaining(`16 of 15 cards of c-1/${product} are sold in slot`),
    });
  });

  test("all of a pool may be sold, and not one more, whatever its offers come to", () => {
    const having = (count: number) =>
      forged(day.pages, (event) =>
        event.type === "CenterJoined" && event.data.center === "c-1"
          ? [
              {
                ...event,
                data: { ...event.data, pools: event.data.pools.map((pool) => ({ ...pool, cards: count })) },
              },
            ]
          : [event],
      );
    expect(faultsOf(having(16))).toEqual({});
    expect(faultsOf(having(15))).toEqual({
      [cards]: expect.stringContaining(`16 of 15 cards of c-1/${product} are sold in slot`),
    });
  });

  test("a card that two auctions sold is found", () => {
    let first = true;
    const lie = forged(day.pages, (event) => {
      if (event.type !== "AwardsPublished" || !first) return [event];
      first = false;
      const [award] = event.data.awards;
      if (award === undefined) throw new Error("no award");
      const twice = { ...award, placement: PlacementId.parse("ghost.1") };
      return [{ ...event, data: { ...event.data, awards: [...event.data.awards, twice] } }];
    });
    expect(faultsOf(lie)).toEqual({ [cards]: expect.stringMatching(/^\d+ of 16 cards of c-1/) });
  });

  test("cards outside of the slots of any offer are found", () => {
    const lie = forged(day.pages, (event) =>
      event.type === "CapacityOffered" && event.data.center === "c-1"
        ? [{ ...event, data: { ...event.data, from: event.data.from + 1 } }]
        : [event],
    );
    expect(faultsOf(lie)).toEqual({ [cards]: expect.stringContaining("of 0 cards of c-1") });
  });

  test("cards of a center that failed are not sold from the slot on in which it did", () => {
    const failed = eventsOf(day.pages).find((event) => event.type === "JobReduced");
    if (failed?.type !== "JobReduced") throw new Error("no center failed");
    const { slot } = failed.data;
    const endingAt = (to: number) =>
      forged(day.pages, (event) =>
        event.type === "CapacityOffered" && event.data.center === "c-2"
          ? [{ ...event, data: { ...event.data, to } }]
          : [event],
      );
    expect(faultsOf(endingAt(slot))).toEqual({});
    expect(faultsOf(endingAt(slot - 1))).toEqual({
      [cards]: `6 of 0 cards of c-2/${product} are sold in slot ${slot - 1}`,
    });
  });

  describe("of a home reserve", () => {
    const asReserve = (change: (event: DomainEvent) => DomainEvent) =>
      forged(day.pages, (event) =>
        event.type === "CapacityOffered" && event.data.center === "c-1"
          ? [{ ...event, data: { ...event.data, homeReserve: true } }]
          : [change(event)],
      );
    const kept = (event: DomainEvent) => event;

    test("may be sold in spot when they have lapsed, and not before", () => {
      expect(faultsOf(asReserve(kept))).toEqual({});
      const closing = (earlier: number) =>
        asReserve((event) =>
          event.type === "GateClosed"
            ? { ...event, data: { ...event.data, gate: event.data.gate - earlier } }
            : event,
        );
      // Its jobs bid for ten slots, and start in the first ones on sale; of their fees other gates say something else.
      expect(faultsOf(closing(5))).not.toHaveProperty([cards]);
      expect(faultsOf(closing(11))).toMatchObject({
        [cards]: expect.stringMatching(/of 0 cards of c-1.* before its home reserve lapsed/),
      });
    });

    test("are never sold by a forward gate", () => {
      const lie = asReserve((event) =>
        event.type === "GateClosed" ? { ...event, data: { ...event.data, session: "forward" } } : event,
      );
      expect(faultsOf(lie)).toMatchObject({
        [cards]: expect.stringContaining("before its home reserve lapsed"),
      });
    });

    test("are not sold when the center has drawn them", () => {
      const offer = eventsOf(day.pages).find(
        (event) => event.type === "CapacityOffered" && event.data.center === "c-1",
      );
      if (offer?.type !== "CapacityOffered") throw new Error("no offer");
      const { offer: id, from, to } = offer.data;
      const drawing = (begin: number, count: number) => {
        const draw = { offer: id, draw: DrawId.parse("d1"), from: begin, to, cards: count };
        return forged(asReserve(kept), (event) =>
          event.type === "CapacityOffered" && event.data.offer === id
            ? [event, { type: "ReserveDrawn", data: draw }]
            : [event],
        );
      };
      expect(faultsOf(drawing(from, 1))).toEqual({
        [cards]: expect.stringContaining(`16 of 15 cards of c-1/${product} are sold in slot`),
      });
      expect(faultsOf(drawing(to - 1, 16))).toEqual({});
    });
  });

  test("cards that a job gave back may be sold again, cards that it kept may not", () => {
    const { early } = day.placements;
    const lie = forged(day.pages, (event) =>
      event.type === "JobCompleted" && event.data.placement === early
        ? [{ ...event, data: { ...event.data, slot: event.data.slot + 5 } }]
        : [event],
    );
    expect(faultsOf(lie)).toEqual({
      [cards]: expect.stringContaining("are sold in slot"),
      // It kept them, and did not pay for them.
      [awards]: expect.stringContaining(`award ${early} was charged`),
    });
  });
});

describe("tax", () => {
  const taxing = (change: (line: ChargeLine) => readonly ChargeLine[]) =>
    recharging(day.placements.taxed, "day", (lines) =>
      lines.flatMap((line) => (line.kind === "tax" ? change(line) : [line])),
    );
  const more = (line: ChargeLine, by: bigint) => ({ ...line, mills: millsText(mills(line.mills) + by) });

  test.each<readonly [string, (line: ChargeLine) => readonly ChargeLine[], string]>([
    ["a mill too much", (line) => [more(line, 1n)], "has 481 mills of tax, 480 are due"],
    ["a mill too little", (line) => [more(line, -1n)], "has 479 mills of tax, 480 are due"],
    ["left out", () => [], "has 0 mills of tax, 480 are due"],
    ["taken twice", (line) => [line, line], "has 960 mills of tax, 480 are due"],
    ["paid to a center", (line) => [{ ...line, to: "center:c-1" }], "has tax of others than its tenant"],
  ])("that is %s is found, though accounts and the ledger agree", (_, change, says) => {
    const faults = faultsOf(agreeing(forged(day.pages, taxing(change))));
    expect(faults).toEqual({ [tax]: expect.stringContaining(says) });
  });

  test("at a rate that the account never had is found", () => {
    const lie = forged(day.pages, (event) =>
      event.type === "JobRequested" && event.data.taxRate !== undefined
        ? [{ ...event, data: { ...event.data, taxRate: 500 } }]
        : [event],
    );
    expect(faultsOf(lie)).toEqual({
      [tax]: expect.stringContaining("is taxed at 500, which bolt never was"),
    });
  });
});

test("whatever number of a charge is changed, some check finds it", () => {
  const lines = eventsOf(day.pages).flatMap((event) =>
    event.type === "ChargePosted"
      ? event.data.lines.map((_, line) => ({ charge: event.data.charge, line }))
      : [],
  );
  fc.assert(
    fc.property(fc.constantFrom(...lines), fc.bigInt({ min: -10_000n, max: 10_000n }), (changed, more) => {
      const lie = forged(day.pages, (event) =>
        event.type === "ChargePosted" && event.data.charge === changed.charge
          ? [
              {
                ...event,
                data: {
                  ...event.data,
                  lines: event.data.lines.map((line, index) =>
                    index === changed.line ? { ...line, mills: millsText(mills(line.mills) + more) } : line,
                  ),
                },
              },
            ]
          : [event],
      );
      expect(Object.keys(faultsOf(lie)).length > 0).toBe(more !== 0n);
    }),
    { numRuns: 50 },
  );
});

/** What is found, by check. */
function faultsOf(pages: readonly RawPage[]): Record<string, string> {
  return Object.fromEntries(
    audit(pages)
      .filter(({ ok }) => !ok)
      .map(({ name, detail }) => [name, detail]),
  );
}

/** The id of an award's only charge of a kind. */
function chargeOf(placement: PlacementId, kind: string): string {
  const charges = eventsOf(day.pages).flatMap((event) =>
    event.type === "ChargePosted" && event.data.charge.startsWith(`${placement}:${kind}:`)
      ? [event.data.charge]
      : [],
  );
  const [charge] = charges;
  if (charge === undefined || charges.length > 1)
    throw new Error(`${charges.length} charges of ${placement}`);
  return charge;
}

/** Other lines of a charge, paid as they say. */
function recharging(
  placement: PlacementId,
  kind: string,
  change: (lines: readonly ChargeLine[]) => readonly ChargeLine[],
): Change {
  let posted: ChargePostedData | undefined;
  return (event) => {
    if (event.type === "ChargePosted" && event.data.charge === chargeOf(placement, kind)) {
      const { data } = event;
      const lines = [...change(data.lines)];
      const net = netOf(data.account, lines);
      const more = net - mills(data.tenantPays);
      posted = {
        ...data,
        lines,
        tenantPays: millsText(net),
        releases: millsText(mills(data.releases) - more),
      };
      return [{ ...event, data: posted }];
    }
    if (event.type === "HoldSettled" && event.data.charge === posted?.charge)
      return [{ ...event, data: { ...event.data, paid: posted.tenantPays, released: posted.releases } }];
    return [event];
  };
}

function netOf(account: string, lines: readonly ChargeLine[]): bigint {
  const tenant = `tenant:${account}`;
  return lines.reduce((sum, line) => {
    const amount = mills(line.mills);
    return sum + (line.from === tenant ? amount : 0n) - (line.to === tenant ? amount : 0n);
  }, 0n);
}
