import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { functions } from "../../functions/manifest.ts";
import { readCron } from "./cron.ts";

const minuteMs = 60_000;
const at = (text: string) => Date.parse(text);

/** The wall clock in Shanghai by the time zone database, which the source does without. */
const shanghai = new Intl.DateTimeFormat("en-US", {
  timeZone: "Asia/Shanghai",
  hourCycle: "h23",
  minute: "numeric",
  hour: "numeric",
  day: "numeric",
  month: "numeric",
  weekday: "short",
  year: "numeric",
});
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Minute, hour, day of month, month, day of week (1 is Sunday), year. */
function wallClock(instant: number): number[] {
  const parts = new Map(shanghai.formatToParts(instant).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  const weekday = weekdays.indexOf(parts.get("weekday") ?? "") + 1;
  return [number("minute"), number("hour"), number("day"), number("month"), weekday, number("year")];
}

interface Field {
  readonly text: string;
  readonly has: (value: number) => boolean;
}
interface Expression {
  readonly text: string;
  readonly has: (instant: number) => boolean;
}

const anyValue: Field = { text: "*", has: () => true };
const unsaid: Field = { text: "?", has: () => true };

/** Fields that hold for the value: all values, a list with it, or steps that come to it. */
function fieldWith(value: number, least: number, most: number): fc.Arbitrary<Field> {
  const list = fc
    .tuple(
      fc.array(fc.integer({ min: least, max: most }), { maxLength: 3 }),
      fc.array(fc.integer({ min: least, max: most }), { maxLength: 3 }),
    )
    .map(([before, after]): Field => {
      const values = [...before, value, ...after];
      return { text: values.join(","), has: (one) => values.includes(one) };
    });
  const steps = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat()).map(([every, seed]): Field => {
    const first = value - every * (seed % (Math.floor((value - least) / every) + 1));
    const values = new Set<number>();
    for (let one = first; one <= most; one += every) values.add(one);
    return { text: `${first}/${every}`, has: (one) => values.has(one) };
  });
  return fc.oneof(fc.constant(anyValue), list, steps);
}

const instants = fc
  .integer({ min: at("2000-01-01T00:00:00Z") / minuteMs, max: at("2099-12-31T00:00:00Z") / minuteMs })
  .map((minutes) => minutes * minuteMs);

/** An instant and an expression that is due then. */
const dueInstants = instants.chain((instant) => {
  const [minute = 0, hour = 0, day = 0, month = 0, weekday = 0, year = 0] = wallClock(instant);
  const byDay = fc.tuple(fieldWith(day, 1, 31), fc.constant(unsaid));
  const byWeekday = fc.tuple(fc.constant(unsaid), fieldWith(weekday, 1, 7));
  return fc
    .tuple(
      fieldWith(minute, 0, 59),
      fieldWith(hour, 0, 23),
      fieldWith(month, 1, 12),
      fieldWith(year, 1970, 2199),
      fc.oneof(byDay, byWeekday),
    )
    .map(([minutes, hours, months, years, [days, daysOfWeek]]) => {
      const fields = [minutes, hours, days, months, daysOfWeek, years];
      const expression: Expression = {
        text: fields.map(({ text }) => text).join(" "),
        has: (other) => wallClock(other).every((value, i) => fields[i]?.has(value)),
      };
      return { instant, expression };
    });
});

describe("the next instant of a schedule", () => {
  test.each([
    ["every minute, a minute on", "* * * * ? *", "2026-01-05T00:00:00Z", "2026-01-05T00:01:00Z"],
    [
      "the spot gate's six minutes",
      "0/6 * * * ? *",
      "2026-01-05T09:54:00+08:00",
      "2026-01-05T10:00:00+08:00",
    ],
    ["the forward gate", "48 * * * ? *", "2026-01-05T09:48:00+08:00", "2026-01-05T10:48:00+08:00"],
    ["midnight of the market", "0 0 * * ? *", "2026-01-05T15:59:59Z", "2026-01-05T16:00:00Z"],
    ["the daily close", "3 0 * * ? *", "2026-01-05T00:03:00+08:00", "2026-01-06T00:03:00+08:00"],
    ["the eve of a year", "59 23 31 12 ? *", "2026-01-01T00:00:00+08:00", "2026-12-31T23:59:00+08:00"],
    ["a new year", "0 0 1 1 ? 2027", "2026-12-31T23:59:59+08:00", "2027-01-01T00:00:00+08:00"],
    [
      "Sunday, the first day of a week",
      "0 8 ? * 1 *",
      "2026-01-05T08:00:00+08:00",
      "2026-01-11T08:00:00+08:00",
    ],
    ["Saturday, the last", "0 8 ? * 7 *", "2026-01-05T08:00:00+08:00", "2026-01-10T08:00:00+08:00"],
    ["a leap day a year off", "0 0 29 2 ? *", "2027-03-01T00:00:00+08:00", "2028-02-29T00:00:00+08:00"],
    [
      "a 31st, past the month without",
      "0 0 31 * ? *",
      "2026-01-31T00:00:00+08:00",
      "2026-03-31T00:00:00+08:00",
    ],
    [
      "the steps of a field from its start",
      "7/20 * * * ? *",
      "2026-01-05T10:47:00+08:00",
      "2026-01-05T11:07:00+08:00",
    ],
    ["a list in any order", "50,10 * * * ? *", "2026-01-05T10:10:00+08:00", "2026-01-05T10:50:00+08:00"],
  ])("is %s: cron(%s) after %s", (_, text, after, due) => {
    expect(new Date(readCron(text).next(at(after)))).toEqual(new Date(due));
  });

  test("is after now, even from the very instant or a millisecond before it", () => {
    const cron = readCron("0 * * * ? *");
    const hour = at("2026-01-05T10:00:00+08:00");
    expect(cron.next(hour - 1)).toBe(hour);
    expect(cron.next(hour)).toBe(hour + 60 * minuteMs);
    expect(cron.next(hour + 1)).toBe(hour + 60 * minuteMs);
  });

  test("is after now, on a whole minute, in the expression, and none that is due is passed over", () => {
    const gaps = fc.integer({ min: 1, max: 40 * 24 * 60 * minuteMs });
    fc.assert(
      fc.property(dueInstants, gaps, ({ instant, expression }, gap) => {
        const next = readCron(expression.text).next(instant - gap);
        expect(next).toBeGreaterThan(instant - gap);
        expect(next).toBeLessThanOrEqual(instant);
        expect(next % minuteMs).toBe(0);
        expect(expression.has(next)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("is the first: no minute between is in the expression", () => {
    const gaps = fc.integer({ min: 1, max: 4 * 60 * minuteMs });
    fc.assert(
      fc.property(dueInstants, gaps, ({ instant, expression }, gap) => {
        const next = readCron(expression.text).next(instant - gap);
        const between: number[] = [];
        for (let time = next - minuteMs; time > instant - gap; time -= minuteMs) between.push(time);
        expect(between.filter(expression.has)).toEqual([]);
      }),
    );
  });

  test("follows the one before it, whenever between the two it is asked for", () => {
    const within = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 59 }), within, (instant, every, part) => {
        const cron = readCron(`0/${every} * * * ? *`);
        const first = cron.next(instant);
        const second = cron.next(first);
        expect(second - first).toBeLessThanOrEqual(every * minuteMs);
        expect(cron.next(first + Math.floor((second - first) * part))).toBe(second);
      }),
    );
  });

  test("is asked of a schedule without keeping anything in it", () => {
    const cron = readCron("0/6 * * * ? *");
    const later = cron.next(at("2030-01-01T00:00:00Z"));
    expect(cron.next(at("2026-01-01T00:00:00Z"))).toBe(at("2026-01-01T00:06:00Z"));
    expect(cron.next(at("2030-01-01T00:00:00Z"))).toBe(later);
  });
});

describe("a schedule that never comes", () => {
  test.each([
    "0 0 30 2 ? *",
    "0 0 1 1 ? 2025",
    "60 * * * ? *",
    "* 24 * * ? *",
    "0 0 1 13 ? *",
    "* * ? * 8 *",
    "0/0 * * * ? *",
  ])("throws when asked for its next instant: cron(%s)", (text) => {
    const cron = readCron(text);
    expect(() => cron.next(at("2026-01-05T00:01:00Z"))).toThrow(`cron(${text}) never comes`);
  });
});

describe("an expression that the local exchange cannot do", () => {
  test.each([
    ["a range", "0 9-17 * * ? *", "9-17"],
    ["a name", "0 9 ? * MON *", "MON"],
    ["the last day", "0 9 L * ? *", "L"],
    ["the nearest working day", "0 9 15W * ? *", "15W"],
    ["the third Friday", "0 9 ? * 6#3 *", "6#3"],
    ["steps of all values", "*/5 * * * ? *", "*/5"],
    ["a sign", "-1 * * * ? *", "-1"],
    ["a fraction", "0.5 * * * ? *", "0.5"],
    ["a list with a gap", "1,,2 * * * ? *", "1,,2"],
    ["a list of steps", "0/6,3 * * * ? *", "0/6,3"],
  ])("is refused with the field that has %s: cron(%s)", (_, text, field) => {
    expect(() => readCron(text)).toThrow(`cannot do ${field} of cron(${text})`);
  });

  test.each([
    ["none", ""],
    ["five fields, as crontab has", "0 0 * * ?"],
    ["seven, as with seconds", "0 0 0 * * ? *"],
    ["a gap", "0  0 * * ? *"],
  ])("is refused with other than six fields: %s", (_, text) => {
    expect(() => readCron(text)).toThrow(`cron(${text})`);
  });
});

const scheduled = functions.flatMap(({ name, trigger }) =>
  trigger.kind === "schedule" ? [[name, trigger.expression] as const] : [],
);

test.each(scheduled)("the schedule of %s is one that the local exchange can do: %s", (_, expression) => {
  const text = /^cron\((.*)\)$/.exec(expression)?.[1] ?? "";
  const now = at("2026-01-05T00:00:00+08:00");
  expect(readCron(text).next(now)).toBeLessThanOrEqual(now + 24 * 60 * minuteMs);
});
