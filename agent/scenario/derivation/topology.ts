import type { Link } from "../scenario-file.ts";
import { CITIES, LINE_GROWTH, MILLS_PER_GB_1000KM, MS_PER_KM } from "./assumptions.ts";

/** A line of the map: ends by id and city, capacity in Mbps. */
export type Line = Readonly<{ from: string; fromCity: string; to: string; toCity: string; label: string }>;

/** Nodes with their labels and edges with theirs out of a yEd GraphML text. */
export function readGraphml(xml: string): Line[] {
  const cities = new Map<string, string>();
  for (const [, id = "", body = ""] of xml.matchAll(/<node id="(\w+)">([\s\S]*?)<\/node>/g)) {
    cities.set(id, /<y:NodeLabel[^>]*>([^<]*)</.exec(body)?.[1]?.trim() ?? "");
  }
  return [...xml.matchAll(/<edge [^>]*source="(\w+)" target="(\w+)">([\s\S]*?)<\/edge>/g)].map(
    ([, from = "", to = "", body = ""]) => ({
      from,
      fromCity: cities.get(from) ?? "",
      to,
      toCity: cities.get(to) ?? "",
      label: /<data key="d35"><!\[CDATA\[([^\]]*)\]\]>/.exec(body)?.[1] ?? "",
    }),
  );
}

const LINE_COLUMNS = "from,from_city,to,to_city,label";

export function linesCsv(lines: readonly Line[]): string {
  return `${[LINE_COLUMNS, ...lines.map((l) => [l.from, l.fromCity, l.to, l.toCity, l.label].join(","))].join("\n")}\n`;
}

export function parseLines(csv: string): Line[] {
  const [header, ...rows] = csv.trimEnd().split("\n");
  if (header !== LINE_COLUMNS) throw new Error(`not a list of lines: header is "${header}"`);
  return rows.map((row) => {
    const [from = "", fromCity = "", to = "", toCity = "", label = ""] = row.split(",");
    return { from, fromCity, to, toCity, label };
  });
}

function mbps(label: string): number {
  const [, value = "0", unit = ""] = /^([\d.]+)([MG])$/.exec(label) ?? [];
  return Number(value) * (unit === "G" ? 1000 : 1);
}

/** Great-circle distance in km between two cities of the map. */
export function kilometres(a: string, b: string): number {
  const [from, to] = [CITIES[a], CITIES[b]];
  if (from === undefined || to === undefined) throw new Error(`no coordinates for ${a} or ${b}`);
  const rad = Math.PI / 180;
  const half = (x: number, y: number) => Math.sin(((y - x) * rad) / 2) ** 2;
  const h = half(from[0], to[0]) + Math.cos(from[0] * rad) * Math.cos(to[0] * rad) * half(from[1], to[1]);
  return 2 * 6371 * Math.asin(Math.sqrt(h));
}

type Edge = Readonly<{ a: string; b: string; mbps: number; km: number }>;

/** Domestic lines as edges between cities; parallel lines add up. Lines without a rate carry nothing. */
function edgesOf(lines: readonly Line[]): Edge[] {
  const edges = new Map<string, Edge>();
  for (const line of lines) {
    const rate = mbps(line.label);
    if (rate === 0) continue;
    const [a = "", b = ""] = [line.fromCity, line.toCity].sort();
    const before = edges.get(`${a}|${b}`);
    edges.set(`${a}|${b}`, { a, b, mbps: rate + (before?.mbps ?? 0), km: kilometres(a, b) });
  }
  return [...edges.values()];
}

/** Shortest way in km over edges of at least `floor` Mbps; undefined if there is none. */
function shortest(edges: readonly Edge[], from: string, to: string, floor: number): number | undefined {
  const distance = new Map([[from, 0]]);
  const done = new Set<string>();
  for (;;) {
    const [city, km] = [...distance].filter(([each]) => !done.has(each)).sort((a, b) => a[1] - b[1])[0] ?? [];
    if (city === undefined || km === undefined) return undefined;
    if (city === to) return km;
    done.add(city);
    for (const edge of edges.filter((each) => each.mbps >= floor && (each.a === city || each.b === city))) {
      const next = edge.a === city ? edge.b : edge.a;
      distance.set(next, Math.min(distance.get(next) ?? Number.POSITIVE_INFINITY, km + edge.km));
    }
  }
}

/** The widest way between two cities, and the shortest one of that width. */
export function widestWay(lines: readonly Line[], from: string, to: string): { mbps: number; km: number } {
  const edges = edgesOf(lines);
  const widths = [...new Set(edges.map((edge) => edge.mbps))].sort((a, b) => b - a);
  for (const width of widths) {
    const km = shortest(edges, from, to, width);
    if (km !== undefined) return { mbps: width, km };
  }
  throw new Error(`no way from ${from} to ${to}`);
}

/** A link between every two centers, along the widest way between their cities. */
export function linksBetween(
  lines: readonly Line[],
  centers: readonly Readonly<{ center: string; city: string }>[],
): Link[] {
  return centers.flatMap((from, n) =>
    centers.slice(n + 1).map((to) => {
      const way = widestWay(lines, from.city, to.city);
      return {
        from: from.center,
        to: to.center,
        gbps: Math.floor((way.mbps * LINE_GROWTH) / 1000),
        latencyMs: Math.round(way.km * MS_PER_KM * 10) / 10,
        perGB: Math.round((way.km * MILLS_PER_GB_1000KM) / 1000),
      };
    }),
  );
}
