/** Asia/Shanghai is UTC+8 all year. */
const offsetMs = 8 * 3_600_000;
const minuteMs = 60_000;

/** Minutes that a schedule is looked ahead for: a leap year. */
const horizonMinutes = 366 * 24 * 60;

type Field = (value: number) => boolean;

/** An EventBridge cron expression: minute, hour, day of month, month, day of week, year. */
export interface Cron {
  /** First due instant after this one (ms since the Unix epoch), in the market's time zone. */
  next(after: number): number;
}

/** Knows numbers, lists, *, ? and steps. @throws Error for anything else, and for what never comes. */
export function readCron(text: string): Cron {
  const parts = text.split(" ");
  const [minute, hour, day, month, weekday, year] = parts.map((part) => readField(part, text));
  if (!minute || !hour || !day || !month || !weekday || !year || parts.length !== 6)
    throw new Error(`cron(${text}) has not six fields`);
  const due = (local: Date) =>
    minute(local.getUTCMinutes()) &&
    hour(local.getUTCHours()) &&
    day(local.getUTCDate()) &&
    month(local.getUTCMonth() + 1) &&
    weekday(local.getUTCDay() + 1) &&
    year(local.getUTCFullYear());
  return {
    next(after) {
      let time = (Math.floor(after / minuteMs) + 1) * minuteMs;
      for (let step = 0; step < horizonMinutes; step++, time += minuteMs)
        if (due(new Date(time + offsetMs))) return time;
      throw new Error(`cron(${text}) never comes`);
    },
  };
}

function readField(part: string, text: string): Field {
  if (part === "*" || part === "?") return () => true;
  const step = /^(\d+)\/(\d+)$/.exec(part);
  if (step !== null) {
    const [first, every] = [Number(step[1]), Number(step[2])];
    return (value) => value >= first && (value - first) % every === 0;
  }
  if (!/^\d+(,\d+)*$/.test(part)) throw new Error(`the local exchange cannot do ${part} of cron(${text})`);
  const values = new Set(part.split(",").map(Number));
  return (value) => values.has(value);
}
