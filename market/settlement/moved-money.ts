import type { ChargeLine } from "../../events/catalog/job.ts";
import { atMost, mills } from "../money.ts";

/** Who is to pay lines of a kind, corrections aside. */
const owedBy: Readonly<Record<ChargeLine["kind"], "tenant" | "center">> = {
  compute: "tenant",
  transfer: "tenant",
  link: "tenant",
  rent: "tenant",
  releaseFee: "tenant",
  tax: "tenant",
  penalty: "center",
  credit: "center",
};

/** Mills that one charge and its corrections moved so far, by kind, payer and payee. */
export type MovedMoney = ReadonlyMap<string, bigint>;

type Line = Pick<ChargeLine, "kind" | "from" | "to" | "mills">;

const keyOf = (kind: Line["kind"], from: string, to: string) => `${kind} ${from} ${to}`;

/** A line that goes the other way takes back what a line of its kind moved before. */
const reversedBy = ({ kind, from, to }: Line) => keyOf(kind, to, from);

/** What has been moved after some more lines, each in its turn. */
export function withLines(moved: MovedMoney, lines: readonly Line[]): MovedMoney {
  const next = new Map(moved);
  for (const line of lines) {
    const reversed = next.get(reversedBy(line)) ?? 0n;
    if (reversed > 0n) next.set(reversedBy(line), reversed - mills(line.mills));
    else {
      const key = keyOf(line.kind, line.from, line.to);
      next.set(key, (next.get(key) ?? 0n) + mills(line.mills));
    }
  }
  return next;
}

/**
 * What corrections gave back of what was moved, and nobody paid again since, after some more lines of them.
 * @param moved before these lines
 */
export function withReturned(returned: MovedMoney, moved: MovedMoney, lines: readonly Line[]): MovedMoney {
  const next = new Map(returned);
  let sums = moved;
  for (const line of lines) {
    const key = keyOf(line.kind, line.from, line.to);
    if ((sums.get(reversedBy(line)) ?? 0n) > 0n) next.set(key, (next.get(key) ?? 0n) + mills(line.mills));
    else reduce(next, line);
    sums = withLines(sums, [line]);
  }
  return next;
}

function reduce(returned: Map<string, bigint>, line: Line): void {
  let rest = mills(line.mills);
  for (const [key, amount] of returned) {
    if (!takesBackOf(line, key)) continue;
    const part = atMost(amount, rest);
    returned.set(key, amount - part);
    rest -= part;
  }
}

/** Mills that a line can take back: what is still moved the other way, and what corrections gave back before. */
export function leftToTakeBack(
  money: { readonly moved: MovedMoney; readonly returned: MovedMoney },
  line: Line,
): bigint {
  return [...money.moved, ...money.returned].reduce(
    (sum, [key, amount]) => (takesBackOf(line, key) ? sum + amount : sum),
    0n,
  );
}

/** A center answers for its links. */
function takesBackOf({ kind, from, to }: Line, key: string): boolean {
  const [of, payer = "", payee] = key.split(" ");
  return (
    of === kind && payee === from && (payer === to || payer.startsWith(`${to.replace("center:", "link:")}~`))
  );
}

/**
 * Why a line of a correction may not be posted: it takes back more than the charge and its corrections moved, or makes
 * somebody pay what lines of its kind are never owed by; undefined: it may.
 */
export function whyNotMoved(moved: MovedMoney, line: Line): string | undefined {
  const amount = mills(line.mills);
  if (amount <= 0n) return "A line moves 1 mill or more.";
  const reversed = moved.get(reversedBy(line)) ?? 0n;
  if (reversed > 0n)
    return amount > reversed ? `Of this charge ${reversed} mills can be taken back here.` : undefined;
  return line.from.startsWith(`${owedBy[line.kind]}:`)
    ? undefined
    : `Nothing of this kind is left that ${line.from} could give back to ${line.to}.`;
}

/** Penalties among lines, less those that were taken back, in mills. */
export function penaltiesIn(moved: MovedMoney): bigint {
  return [...moved].reduce((sum, [key, amount]) => (key.startsWith("penalty ") ? sum + amount : sum), 0n);
}
