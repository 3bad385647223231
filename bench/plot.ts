/** A small writer of SVG: line charts side by side, one value a load and system. No library is worth it for this. */

export interface Chart {
  readonly title: string;
  /** Values by line, then by point; undefined leaves a gap. */
  readonly values: readonly (readonly (number | undefined)[])[];
  readonly show: (value: number) => string;
  /** Powers of ten, for values that differ by orders of magnitude. */
  readonly logarithmic?: boolean;
}

const width = 250;
const height = 190;
const plot = { left: 50, top: 30, right: 14, bottom: 26 };
const colours = ["#8a8a8a", "#d98b2b", "#1f6fb2"];
const marks = ["6 3", "2 2", "none"];

const number = (value: number) => value.toFixed(1);
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Charts in rows of three over the same points, with one legend. */
export function chartsSvg(
  title: string,
  points: readonly string[],
  names: readonly string[],
  charts: readonly Chart[],
): string {
  const across = 3;
  const rows = Math.ceil(charts.length / across);
  const [wide, high] = [across * width, rows * height + 34];
  const legend = names.map((name, n) => {
    const x = 12 + n * 170;
    return `<path d="M${x} 18h26" stroke="${colours[n]}" stroke-width="2" stroke-dasharray="${marks[n]}"/><text x="${x + 32}" y="22">${escaped(name)}</text>`;
  });
  const body = charts.map((chart, n) => {
    const [x, y] = [(n % across) * width, 34 + Math.floor(n / across) * height];
    return `<g transform="translate(${x} ${y})">${chartBody(chart, points)}</g>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}" width="${wide}" height="${high}" font-family="sans-serif" font-size="11" fill="#222">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${wide}" height="${high}" fill="#fff"/>`,
    ...legend,
    ...body,
    "</svg>",
  ].join("\n")}\n`;
}

function chartBody(chart: Chart, points: readonly string[]): string {
  const known = chart.values.flat().filter((value) => value !== undefined);
  const scale = scaleOf(known, chart.logarithmic ?? false);
  const right = width - plot.right;
  const x = (point: number) => plot.left + ((right - plot.left) * (point + 0.5)) / Math.max(1, points.length);
  const y = (value: number) => height - plot.bottom - (height - plot.bottom - plot.top) * scale.share(value);
  const grid = scale.ticks.map(
    (tick) =>
      `<path d="M${plot.left} ${number(y(tick))}H${right}" stroke="#ddd"/><text x="${plot.left - 5}" y="${number(y(tick) + 4)}" text-anchor="end">${escaped(chart.show(tick))}</text>`,
  );
  const names = points.map(
    (point, n) =>
      `<text x="${number(x(n))}" y="${height - plot.bottom + 15}" text-anchor="middle">${escaped(point)}</text>`,
  );
  const lines = chart.values.map((line, n) => {
    const places = line.flatMap((value, point) =>
      value === undefined ? [] : [`${number(x(point))} ${number(y(value))}`],
    );
    const dots = places.map(
      (place) =>
        `<circle cx="${place.split(" ")[0]}" cy="${place.split(" ")[1]}" r="3" fill="${colours[n]}"/>`,
    );
    return `<path d="M${places.join("L")}" fill="none" stroke="${colours[n]}" stroke-width="2" stroke-dasharray="${marks[n]}"/>${dots.join("")}`;
  });
  const title = `<text x="${plot.left}" y="16" font-weight="bold">${escaped(chart.title)}</text>`;
  return [title, ...grid, ...names, ...lines].join("\n");
}

interface Scale {
  readonly ticks: readonly number[];
  /** Place of a value between the lowest (0) and the highest tick (1). */
  share(value: number): number;
}

/** Four or five round ticks, or the powers of ten, around the values. */
export function scaleOf(values: readonly number[], logarithmic: boolean): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return { ticks: [], share: () => 0 };
  if (logarithmic) {
    const of = (value: number) => Math.log10(Math.max(value, 0.1));
    const [first, last] = [Math.floor(of(low)), Math.max(Math.floor(of(low)) + 1, Math.ceil(of(high)))];
    const ticks = Array.from({ length: last - first + 1 }, (_, n) => 10 ** (first + n));
    return { ticks, share: (value) => (of(value) - first) / (last - first) };
  }
  const rough = Math.max(high - low, Math.abs(high) * 0.02, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const [from, to] = [Math.floor(low / step), Math.max(Math.floor(low / step) + 1, Math.ceil(high / step))];
  const ticks = Array.from({ length: to - from + 1 }, (_, n) => (from + n) * step);
  return { ticks, share: (value) => (value / step - from) / (to - from) };
}
