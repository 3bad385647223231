import * as z from "zod";
import { ChargeLine } from "../../events/catalog/job.ts";
import { JobId, type PayoutId } from "../../events/catalog/values.ts";
import { atMost, mills, millsText, splitByLargestRemainder } from "../money.ts";

// What a center is to pay to whom for a settlement day, and what is taken back of it where nobody pays it (row 15).

/** A posting in which a center pays somebody, or a correction that gives it some of that back (lines below 0). */
export const Debt = z.object({
  /** Id of the charge, or of the correction. */
  posting: z.string(),
  /** The charge, or the one that the correction corrects. */
  charge: z.string(),
  job: JobId,
  lines: z.array(ChargeLine),
});
export type Debt = z.infer<typeof Debt>;

/** By posting. */
export type Debts = ReadonlyMap<string, Debt>;

/** A line of a debt, as far as no correction of the day gave it back. */
export interface DebtPart extends Omit<Debt, "lines"> {
  readonly line: ChargeLine;
  /** More than 0. */
  readonly mills: bigint;
}

/** Lines of debts that are in force, in the order of their postings. */
export function partsOf(debts: Debts): Map<string, DebtPart> {
  const lines = [...debts.values()]
    .sort((a, b) => (a.posting < b.posting ? -1 : 1))
    .flatMap(({ lines: own, ...posting }) =>
      own.map((line, index) => ({ ...posting, line, index, mills: mills(line.mills) })),
    );
  const keyOf = ({ charge, line: { kind, from, to } }: Omit<DebtPart, "mills">) =>
    [charge, kind, from, to].join(" ");
  const given = new Map<string, bigint>();
  for (const one of lines)
    if (one.mills < 0n) given.set(keyOf(one), (given.get(keyOf(one)) ?? 0n) - one.mills);
  const parts = new Map<string, DebtPart>();
  for (const { index, ...part } of lines) {
    const back = atMost(given.get(keyOf(part)) ?? 0n, part.mills);
    given.set(keyOf(part), (given.get(keyOf(part)) ?? 0n) - back);
    if (part.mills > back) parts.set(`${part.posting}#${index}`, { ...part, mills: part.mills - back });
  }
  return parts;
}

/** What a center is to pay to whom, line by line of its debts; the parts add up to what it owes. */
export function recipientsOf({ debts }: { readonly debts: Debts }): Map<string, bigint> {
  return new Map([...partsOf(debts)].map(([key, part]) => [key, part.mills]));
}

/** What is taken back from the recipients of one posting of a center. */
export interface TakenBack {
  /** Id of the correction. */
  readonly id: string;
  readonly job: JobId;
  /** The charge that it corrects. */
  readonly charge: string;
  readonly lines: readonly ChargeLine[];
}

/** What the jobs say of a center's debts by now: corrections behind the cut-off may have given some of them back. */
export interface DebtsNow {
  /** Mills of what the line would take back that its recipient still has. */
  left(job: JobId, charge: string, line: ChargeLine): bigint;
  /** Lines of the correction, if it was posted. */
  posted(job: JobId, id: string): readonly ChargeLine[] | undefined;
}

/** Of debts of which corrections leave nothing to give back. */
interface Room extends DebtPart {
  readonly id: string;
  readonly back: ChargeLine;
  readonly room: bigint;
}

/**
 * Takes back from the recipients of a center's debts what they have to do without, one correction for each posting. What
 * they gave back to the center already is the center's to bear: it is left out, at most all of `uncollectible`. An
 * attempt before this one may have posted some of the corrections: they stand, and are not told again.
 * @param uncollectible in mills, no more than the debts in force at the cut-off
 */
export function takenBack(
  { party, debts }: { readonly party: string; readonly debts: Debts },
  uncollectible: bigint,
  payout: PayoutId,
  now: DebtsNow,
): TakenBack[] {
  const rooms = roomsOf(party, debts, payout, now);
  const all = [...rooms.values()];
  const given = all.reduce((sum, part) => sum + part.mills - part.room, 0n);
  const target = uncollectible - atMost(given, uncollectible);
  const losses = splitByLargestRemainder(target, new Map([...rooms].map(([key, { room }]) => [key, room])));
  const byPosting = Map.groupBy([...rooms], ([, { id }]) => id);
  let left = target - takenIn([...byPosting].flatMap(([id, [one]]) => postedOf(one?.[1], id, now)));
  return [...byPosting].flatMap(([id, parts]) => {
    const [first] = parts;
    if (first === undefined || now.posted(first[1].job, id) !== undefined) return [];
    const lines = parts.flatMap(([key, { back }]): ChargeLine[] => {
      const loss = atMost(left, losses.get(key) ?? 0n);
      left -= loss;
      return loss === 0n ? [] : [{ ...back, mills: millsText(loss) }];
    });
    const { job, charge } = first[1];
    return lines.length === 0 ? [] : [{ id, job, charge, lines }];
  });
}

const postedOf = (part: DebtPart | undefined, id: string, now: DebtsNow) =>
  part === undefined ? [] : (now.posted(part.job, id) ?? []);

/** What corrections took back, in mills; tax on it is no center's. */
export function takenIn(lines: readonly ChargeLine[]): bigint {
  return lines.reduce((sum, { kind, mills: text }) => (kind === "tax" ? sum : sum + mills(text)), 0n);
}

/** How much of each part can be taken back: what its recipient still has, and what was taken for this payout before. */
function roomsOf(party: string, debts: Debts, payout: PayoutId, now: DebtsNow): Map<string, Room> {
  const parts = [...partsOf(debts)].map(([key, part]) => {
    const { kind, to, center, mills: text } = part.line;
    const named = center === undefined ? {} : { center };
    const back: ChargeLine = { kind, row: 15, from: to, to: party, mills: text, ...named };
    return [key, { ...part, back, id: `${payout}:${part.posting}` }] as const;
  });
  const sameMoney = ({ charge, back: { kind, from } }: Omit<Room, "room">) => [charge, kind, from].join(" ");
  const left = new Map<string, bigint>();
  for (const [, part] of parts)
    left.set(sameMoney(part), left.get(sameMoney(part)) ?? now.left(part.job, part.charge, part.back));
  for (const { job, id, charge } of new Map(parts.map(([, part]) => [part.id, part])).values())
    for (const { kind, from, mills: text } of now.posted(job, id) ?? []) {
      const key = [charge, kind, from].join(" ");
      left.set(key, (left.get(key) ?? 0n) + mills(text));
    }
  return new Map(
    parts.map(([key, part]) => {
      const room = atMost(left.get(sameMoney(part)) ?? 0n, part.mills);
      left.set(sameMoney(part), (left.get(sameMoney(part)) ?? 0n) - room);
      return [key, { ...part, room }];
    }),
  );
}
