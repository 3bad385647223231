import { describe, expect, it } from "vitest";
import { energyByHour, levelsOf, median } from "./levels.ts";
import { fieldsOf, selectRows } from "./tables.ts";
import { kilometres, linksBetween, parseLines, readGraphml, widestWay } from "./topology.ts";

const line = (fromCity: string, toCity: string, label: string) => ({
  from: fromCity,
  fromCity,
  to: toCity,
  toCity,
  label,
});

describe("tables", () => {
  it("split quoted fields and keep wanted lines untouched", () => {
    expect(fieldsOf('"a, b",2,"say ""x""",')).toEqual(["a, b", "2", 'say "x"', ""]);
    expect(fieldsOf("a,,c")).toEqual(["a", "", "c"]);
    const csv = 'site,pue\n"X, Y",1.10\nZ,1.2\n';
    expect(selectRows(csv, (row) => row.site === "X, Y")).toBe('site,pue\n"X, Y",1.10\n');
  });
});

describe("links", () => {
  it("read a map's labels out of GraphML", () => {
    const xml = `<node id="n0"><y:NodeLabel a="b">Wuhan</y:NodeLabel></node><node id="n1"><y:NodeLabel>Beijing</y:NodeLabel></node>
      <edge id="e0" source="n0" target="n1"><data key="d35"><![CDATA[2.5G]]></data></edge>`;
    expect(readGraphml(xml)).toEqual([
      { from: "n0", fromCity: "Wuhan", to: "n1", toCity: "Beijing", label: "2.5G" },
    ]);
  });

  it("take the widest way, then the shortest, and add parallel lines", () => {
    const lines = [
      line("Wuhan", "Beijing", "155M"),
      line("Wuhan", "Nanjing", "2.5G"),
      line("Nanjing", "Beijing", "2.5G"),
      line("Xi'an", "Beijing", "155M"),
      line("Beijing", "Xi'an", "155M"),
      line("Beijing", "Tianjing", ""),
    ];
    const way = widestWay(lines, "Wuhan", "Beijing");
    expect(way.mbps).toBe(2500);
    expect(way.km).toBeCloseTo(kilometres("Wuhan", "Nanjing") + kilometres("Nanjing", "Beijing"), 6);
    expect(widestWay(lines, "Xi'an", "Beijing").mbps).toBe(310);
    expect(() => widestWay(lines, "Tianjing", "Beijing")).toThrow("no way");
    const [link] = linksBetween(lines, [
      { center: "xian", city: "Xi'an" },
      { center: "beijing", city: "Beijing" },
    ]);
    expect(link).toEqual({ from: "xian", to: "beijing", gbps: 49, latencyMs: 6.8, perGB: 27 });
  });

  it("measure great circles", () => {
    // Beijing to Shanghai: 1,067 km.
    expect(kilometres("Beijing", "Shanghai")).toBeGreaterThan(1060);
    expect(kilometres("Beijing", "Shanghai")).toBeLessThan(1075);
    expect(() => parseLines("a,b\n")).toThrow("header");
  });
});

describe("levels", () => {
  it("scale an auction zone's daily shape to a mean level", () => {
    const rows = Array.from(
      { length: 48 },
      (_, n) => `t,d${Math.floor(n / 24)},${(n % 24) + 1},A,${(n % 24) + 1}`,
    );
    const energy = energyByHour(
      ["timestamp,delivery_day,period,zone,price_eur_per_mwh", ...rows].join("\n"),
      "A",
      500,
    );
    expect(energy).toHaveLength(24);
    expect(energy[0]).toBe(40);
    expect(energy.reduce((a, b) => a + b, 0) / 24).toBe(500);
  });

  it("are medians per card in fen, in proportion to TFLOPS", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    const market = "AcceleratorCount,Price\n4,4.00\n1,2.00\n2,6.00\n";
    const demand = "usd_per_gpu_hour\n3.0\n";
    expect(levelsOf(market, demand, "a100-80g")).toEqual({ marketplace: 1440, onDemand: 2160 });
    expect(levelsOf(market, demand, "ascend910").onDemand).toBe(Math.round((2160 * 256) / 312));
  });
});
