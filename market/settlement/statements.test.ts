import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DomainEvent, parseEvent } from "../../events/catalog/catalog.ts";
import { InvoiceIssued, PayoutStated, type StatementLine } from "../../events/catalog/invoice.ts";
import { AccountId, CenterId, OwnerId, Period } from "../../events/catalog/values.ts";
import { mills, millsText } from "../money.ts";
import { chart } from "./accounts.ts";
import { takenBack } from "./center-debts.ts";
import { balanceOf, emptyLedger, withEvents } from "./ledger.ts";
import {
  centerBalance,
  centerNet,
  dayDebtOf,
  factsIn,
  invoiceOf,
  noStatements,
  payoutId,
  payoutOf,
  type Statements,
  statementFactsOf,
  wholeFen,
  withFacts,
} from "./statements.ts";

const at = { period: Period.parse("2026-03-02"), at: "2026-03-02T16:03:00.000Z" };
const holder = { owner: OwnerId.parse("acme"), taxRate: 600 };
const nobodyBears = { fromGuarantee: 0n, fromDefaultFund: 0n, uncollectible: 0n };

interface Line {
  readonly kind: string;
  readonly row: number;
  readonly from: string;
  readonly to: string;
  readonly mills: string;
  readonly center?: string;
  readonly link?: string;
  readonly cardSlots?: number;
}

const sumOf = (lines: readonly { readonly mills: string }[]) =>
  lines.reduce((sum, line) => sum + BigInt(line.mills), 0n);
const paidBy = (tenant: string, lines: readonly Line[]) =>
  sumOf(lines.filter(({ from }) => from === tenant)) - sumOf(lines.filter(({ to }) => to === tenant));

const place = { job: "j-1", placement: "j-1.1", stretch: 1, from: 1, to: 2, period: "2026-03-02" };

function charged(id: number, account: string, lines: readonly Line[]): DomainEvent {
  const tenantPays = paidBy(`tenant:${account}`, lines).toString();
  const more = { releases: "0", final: true, tenantPays };
  return parseEvent("ChargePosted", { ...place, charge: `c-${id}`, account, lines, ...more });
}

function corrected(id: number, account: string, cause: string, lines: readonly Line[]): DomainEvent {
  const tenantPays = paidBy(`tenant:${account}`, lines).toString();
  const named = { correction: `x-${id}`, corrects: `c-${id}`, cause };
  return parseEvent("CorrectionPosted", { ...place, ...named, account, lines, tenantPays });
}

const accountIn = (party: string) => AccountId.parse(party.slice(party.indexOf(":") + 1));

const statementsOf = (events: readonly DomainEvent[]) =>
  withFacts(noStatements, events.flatMap(statementFactsOf));

const statementIn = (statements: Statements, party: string) => {
  const found = statements.get(party);
  if (found === undefined) throw new Error(`${party} has no statement`);
  return found;
};

const invoice = (events: readonly DomainEvent[]) => {
  const statement = statementIn(statementsOf(events), "account:lab");
  return invoiceOf(accountIn(statement.party), statement, holder, at);
};

describe("an invoice", () => {
  const compute: Line = {
    kind: "compute",
    row: 3,
    from: "tenant:lab",
    to: "center:xian",
    mills: "16007",
    center: "xian",
    cardSlots: 80,
  };
  const tax: Line = { kind: "tax", row: 3, from: "tenant:lab", to: "tax", mills: "960" };

  test("adds up lines of one kind, row and center, with tax apart, and rounds down to whole fen", () => {
    const issued = invoice([charged(1, "lab", [compute, tax]), charged(2, "lab", [compute, tax])]);
    expect(issued).toMatchObject({
      lines: [
        { kind: "compute", row: 3, center: "xian", cardSlots: 160, mills: "32014" },
        { kind: "tax", row: 3, mills: "1920" },
      ],
      net: "32014",
      tax: "1920",
      gross: "33934",
      payable: "33930",
      rounding: "4",
      taxRate: 600,
    });
  });

  test("lists corrections apart", () => {
    const refund: Line = { ...compute, row: 12, from: "center:xian", to: "tenant:lab", mills: "7" };
    const issued = invoice([charged(1, "lab", [compute]), corrected(1, "lab", "lateUsage", [refund])]);
    expect(issued?.lines).toEqual([
      { kind: "compute", row: 3, center: "xian", cardSlots: 80, mills: "16007" },
      { kind: "compute", row: 12, correction: true, center: "xian", cardSlots: 80, mills: "-7" },
    ]);
  });

  test("of one who receives rounds down too: in its favour", () => {
    const penalty: Line = { kind: "penalty", row: 8, from: "center:xian", to: "tenant:lab", mills: "15" };
    expect(invoice([charged(1, "lab", [penalty])])).toMatchObject({
      gross: "-15",
      payable: "-20",
      rounding: "5",
    });
  });

  test("is none where nothing was charged", () => {
    const back = { ...compute, from: "center:xian", to: "tenant:lab" };
    expect(invoice([charged(1, "lab", [compute, back])])).toBeUndefined();
  });
});

test("whole fen are the most that do not exceed the amount", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (amount) => {
      const fen = wholeFen(amount);
      expect(fen % 10n).toBe(0n);
      expect(amount - fen >= 0n && amount - fen < 10n).toBe(true);
    }),
  );
});

// Any postings: who pays whom for what.

const tenants = ["tenant:lab", "tenant:clinic"];
const centers = ["center:xian", "center:wuhan"];
const links = ["link:xian~wuhan", "link:wuhan~xian"];
const amount = fc.oneof(fc.bigInt(1n, 25n), fc.bigInt(1n, 10n ** 9n)).map(String);

const lineOf = (kind: string, from: readonly string[], to: readonly string[]) =>
  fc.record({
    kind: fc.constant(kind),
    row: fc.integer({ min: 2, max: 13 }),
    from: fc.constantFrom(...from),
    to: fc.constantFrom(...to),
    mills: amount,
  });
const lines = fc.array(
  fc.oneof(
    lineOf("compute", tenants, centers),
    lineOf("releaseFee", tenants, centers),
    lineOf("link", tenants, links).map((line) => ({ ...line, link: line.to.slice(5) })),
    lineOf("rent", tenants, ["rent"]),
    lineOf("tax", tenants, ["tax"]),
    lineOf("penalty", centers, tenants),
    lineOf("credit", centers, tenants),
    lineOf("penalty", ["center:xian"], ["center:wuhan"]),
  ),
  { minLength: 1, maxLength: 6 },
);
const postings = fc
  .array(fc.tuple(fc.constantFrom("charge", "lateUsage"), fc.constantFrom("lab", "clinic"), lines), {
    maxLength: 12,
  })
  .map((all) =>
    all.map(([what, account, own], id) => {
      // A posting is of one tenant.
      const mine = own.map((line) => ({
        ...line,
        from: line.from.startsWith("tenant:") ? `tenant:${account}` : line.from,
        to: line.to.startsWith("tenant:") ? `tenant:${account}` : line.to,
      }));
      return what === "charge" ? charged(id, account, mine) : corrected(id, account, what, mine);
    }),
  );

describe("whatever was posted", () => {
  test("all invoices come to what tenants paid by the ledger, and all payouts to what centers are owed", () => {
    fc.assert(
      fc.property(postings, (events) => {
        const statements = [...statementsOf(events).values()];
        const ledger = withEvents(emptyLedger, events);
        let [gross, net] = [0n, 0n];
        for (const statement of statements) {
          if (statement.party.startsWith("center:")) {
            net += centerNet(centerBalance(statement));
            continue;
          }
          const issued = invoiceOf(accountIn(statement.party), statement, holder, at);
          if (issued === undefined) continue;
          expect(InvoiceIssued.data.parse(issued)).toEqual(issued);
          expect(mills(issued.net) + mills(issued.tax)).toBe(mills(issued.gross));
          expect(sumOf(issued.lines)).toBe(mills(issued.gross));
          gross += mills(issued.gross);
        }
        expect(gross).toBe(-balanceOf(ledger, chart.clearing));
        const balance = (account: string) => balanceOf(ledger, account);
        const kept =
          balance(chart.rent) + balance(chart.tax) + balance(chart.fees) + balance(chart.penalties);
        expect(net + kept).toBe(gross);
      }),
    );
  });

  test("a payout pays what was earned less what is owed in whole fen, and leaves the rest in the ledger", () => {
    fc.assert(
      fc.property(postings, (events) => {
        const center = CenterId.parse("xian");
        const statement = statementsOf(events).get("center:xian");
        if (statement === undefined) return;
        const stated = payoutOf(center, holder.owner, statement, at, nobodyBears);
        expect(PayoutStated.data.parse(stated)).toEqual(stated);
        const net = centerNet(centerBalance(statement));
        expect(mills(stated.payable) + mills(stated.rounding)).toBe(net > 0n ? net : 0n);
        const payout = parseEvent("PayoutStated", stated);
        const ledger = withEvents(emptyLedger, [...events, payout]);
        expect(balanceOf(ledger, chart.payable(center))).toBe(mills(stated.payable));
        expect(balanceOf(ledger, chart.receivable(center))).toBe(net < 0n ? net : 0n);
      }),
    );
  });

  test("neither the order of facts nor how they are cut into ranges changes a statement", () => {
    fc.assert(
      fc.property(postings, fc.nat({ max: 12 }), (events, cut) => {
        const whole = statementsOf(events);
        const [a, b] = [events.slice(0, cut), events.slice(cut)].map(statementsOf);
        const facts = [...(b?.values() ?? []), ...(a?.values() ?? [])].flatMap(factsIn);
        const joined = withFacts(noStatements, JSON.parse(JSON.stringify(facts)));
        const told = (statements: Statements) =>
          [...statements.values()]
            .map((statement) => [
              statement.party,
              invoiceOf(accountIn(statement.party), statement, holder, at),
              payoutOf(CenterId.parse(accountIn(statement.party)), holder.owner, statement, at, nobodyBears),
              [...dayDebtOf(statement).recipients].sort(),
            ])
            .sort();
        expect(told(joined)).toEqual(told(whole));
        expect(told(statementsOf(events.toReversed()))).toEqual(told(whole));
      }),
    );
  });

  test("a center owes what was not given back on the same day, and has what it earned but for that", () => {
    fc.assert(
      fc.property(postings, (events) => {
        const statement = statementsOf(events).get("center:xian");
        if (statement === undefined) return;
        const { owed, earned, recipients, carried } = dayDebtOf(statement);
        expect(sumOf([...recipients.values()].map((part) => ({ mills: part.toString() })))).toBe(owed);
        expect(earned - owed).toBe(centerNet(centerBalance(statement)));
        expect([earned >= 0n, owed >= 0n, carried]).toEqual([true, true, 0n]);
      }),
    );
  });

  test("what is uncollectible is taken back from those who were to have it, to the mill", () => {
    fc.assert(
      fc.property(postings, fc.integer({ min: 0, max: 100 }), (events, percent) => {
        const statement = statementsOf(events).get("center:xian");
        if (statement === undefined) return;
        const { owed } = centerBalance(statement);
        const lost = (dayDebtOf(statement).owed * BigInt(percent)) / 100n;
        const all = { left: () => 10n ** 12n, posted: () => undefined };
        const back = takenBack(statement, lost, payoutId(CenterId.parse("xian"), at.period), all);
        const taken = back.flatMap(({ lines: own }) => own);
        expect(sumOf(taken)).toBe(lost);
        for (const line of taken) expect(line).toMatchObject({ row: 15, to: "center:xian" });
        // Once it is taken back, the center owes that much less.
        const corrections = back.map(({ lines: own }, id) =>
          corrected(id, "lab", "uncollectible", own.map(textLine)),
        );
        const ledger = withEvents(emptyLedger, [...events, ...corrections]);
        const owes = -balanceOf(ledger, chart.receivable(CenterId.parse("xian")));
        expect(owes).toBe(owed - lost);
        // And its next statement neither pays that to it nor wants it of it.
        expect(statementsOf(corrections).get("center:xian")).toBeUndefined();
      }),
    );
  });
});

const textLine = ({
  kind,
  row,
  from,
  to,
  mills: text,
}: Pick<Line, "kind" | "row" | "from" | "to" | "mills">) => ({
  kind,
  row,
  from,
  to,
  mills: text,
});

test("a statement of more lines than it can have adds up its centers", () => {
  const many = Array.from({ length: 1200 }, (_, n) =>
    charged(n, "lab", [
      {
        kind: "compute",
        row: 3,
        from: "tenant:lab",
        to: `center:c-${n}`,
        mills: "7",
        center: `c-${n}`,
        cardSlots: 1,
      },
    ]),
  );
  const expected: StatementLine = { kind: "compute", row: 3, cardSlots: 1200, mills: millsText(8400n) };
  expect(invoice(many)?.lines).toEqual([expected]);
});
