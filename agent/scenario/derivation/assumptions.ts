/** What no data set says: sizes, levels and stand-ins of the default scenario. docs/scenario.md gives the reasons. */

export const MARKET_DAY = "2017-10-25";
/** Days of the trace that are shipped, so that `--days` may replay up to so many. */
export const TRACE_DAYS = 3;
/** One GPU of the trace stands for one server of 8 cards. */
export const CARDS_PER_GPU = 8;
export const CNY_PER_USD = 7.2;

export const PRODUCTS = [
  /** Ascend 910: 256 TFLOPS FP16, 310 W a chip; with its share of an eight-card server 0.5 kW. */
  { product: "ascend910", tflops: 256, kw: 0.5 },
  /** A100 80 GB SXM: 312 TFLOPS FP16 dense, 400 W a chip; with its share of the server 0.6 kW. */
  { product: "a100-80g", tflops: 312, kw: 0.6 },
] as const;

/** Share of a pool's cards and reserve as percent of the market level: the first cards are the cheapest. */
export const OFFER_STEPS = [
  { cardsPercent: 60, reservePercent: 50 },
  { cardsPercent: 25, reservePercent: 65 },
  { cardsPercent: 15, reservePercent: 80 },
] as const;

export type CenterAssumption = Readonly<{
  center: string;
  name: string;
  owner: string;
  city: string;
  region: string;
  /** As the grid-factor table spells it. */
  province: string;
  homeRegions: readonly string[];
  pools: readonly Readonly<{ product: string; cards: number; frameworks: readonly string[] }>[];
  /** Site whose PUE stands in for the climate. */
  pueSite: string;
  /** Mean price of power in mills per kWh. */
  powerMills: number;
  /** Zone of the Italian auction whose daily shape the price takes: SARD is the sunny one. */
  priceZone: "NORD" | "SARD";
  /** Reserve as percent of the other centers'. */
  reservePercent: number;
}>;

const ascend = (cards: number) => ({ product: "ascend910", cards, frameworks: ["mindspore", "pytorch"] });

export const CENTERS: readonly CenterAssumption[] = [
  {
    center: "xian",
    name: "Xi'an Future AI Computing Center",
    owner: "xian-future",
    city: "Xi'an",
    region: "shaanxi",
    province: "陕西",
    homeRegions: ["ningxia", "gansu", "xinjiang", "qinghai", "yunnan"],
    pools: [ascend(1172)],
    pueSite: "Henderson, Nevada",
    powerMills: 520,
    priceZone: "SARD",
    reservePercent: 90,
  },
  {
    center: "wuhan",
    name: "Wuhan AI Computing Center",
    owner: "wuhan-aicc",
    city: "Wuhan",
    region: "hubei",
    province: "湖北",
    homeRegions: [],
    pools: [ascend(391)],
    pueSite: "Jackson County, Alabama",
    powerMills: 620,
    priceZone: "NORD",
    reservePercent: 100,
  },
  {
    center: "shenzhen",
    name: "PengCheng Cloud Brain II, Shenzhen",
    owner: "pengcheng",
    city: "Shenzhen",
    region: "guangdong",
    province: "广东",
    homeRegions: [],
    pools: [ascend(4096)],
    pueSite: "Singapore",
    powerMills: 680,
    priceZone: "NORD",
    reservePercent: 105,
  },
  {
    center: "chengdu",
    name: "Chengdu (assumed)",
    owner: "chengdu-aicc",
    city: "Chengdou",
    region: "sichuan",
    province: "四川",
    homeRegions: [],
    pools: [ascend(1172)],
    pueSite: "The Dalles, Oregon",
    powerMills: 480,
    priceZone: "NORD",
    reservePercent: 90,
  },
  {
    center: "beijing",
    name: "Beijing (assumed)",
    owner: "beijing-aicc",
    city: "Beijing",
    region: "beijing",
    province: "北京",
    homeRegions: [],
    pools: [ascend(391)],
    pueSite: "Council Bluffs, Iowa",
    powerMills: 720,
    priceZone: "NORD",
    reservePercent: 110,
  },
  {
    center: "shanghai",
    name: "Shanghai (assumed)",
    owner: "shanghai-aicc",
    city: "Shanghai",
    region: "shanghai",
    province: "上海",
    homeRegions: [],
    pools: [ascend(640), { product: "a100-80g", cards: 128, frameworks: ["pytorch"] }],
    pueSite: "Changhua County, Taiwan",
    powerMills: 700,
    priceZone: "NORD",
    reservePercent: 110,
  },
];

/** Home center of each virtual cluster: Wuhan and Shanghai are full at once, Xi'an early, Shenzhen has a valley. */
export const CLUSTER_HOMES: readonly Readonly<{ cluster: string; home: string; pytorch: boolean }>[] = [
  { cluster: "ee9e8c", home: "shenzhen", pytorch: false },
  { cluster: "2869ce", home: "shenzhen", pytorch: false },
  { cluster: "0e4a51", home: "xian", pytorch: false },
  { cluster: "7f04ca", home: "chengdu", pytorch: false },
  { cluster: "ed69ec", home: "chengdu", pytorch: false },
  { cluster: "6c71a0", home: "shanghai", pytorch: true },
  { cluster: "6214e9", home: "wuhan", pytorch: false },
  { cluster: "103959", home: "wuhan", pytorch: false },
  { cluster: "11cb48", home: "wuhan", pytorch: false },
  { cluster: "b436b2", home: "beijing", pytorch: false },
  { cluster: "e13805", home: "beijing", pytorch: false },
];

/** Dedicated lines today per line of the 2006 map: an STM-16 (2.5G) becomes a 400G wavelength. */
export const LINE_GROWTH = 160;
/** Light in fibre, ms per km one way, times a route half as long again as the great circle. */
export const MS_PER_KM = 0.005 * 1.5;
/** Price of moving data: mills per GB and 1,000 km of great circle along the path. */
export const MILLS_PER_GB_1000KM = 30;

/** Degrees north and east of the cities on the map's domestic backbone, by the map's own spelling. */
export const CITIES: Readonly<Record<string, readonly [number, number]>> = {
  Urumchi: [43.83, 87.62],
  Lasa: [29.65, 91.11],
  Beijing: [39.9, 116.41],
  Xining: [36.62, 101.78],
  Lanzhou: [36.06, 103.83],
  "Xi'an": [34.34, 108.94],
  Yinchuan: [38.49, 106.23],
  Hohhot: [40.84, 111.75],
  Taiyuan: [37.87, 112.55],
  Zhengzhou: [34.75, 113.63],
  Chengdou: [30.57, 104.07],
  Chongqing: [29.56, 106.55],
  Guiyang: [26.65, 106.63],
  Gullin: [25.27, 110.29],
  Kunming: [25.04, 102.72],
  Nanning: [22.82, 108.37],
  Guangzhou: [23.13, 113.26],
  Haikou: [20.04, 110.2],
  Shenzhen: [22.54, 114.06],
  Xiemen: [24.48, 118.09],
  Fuzhou: [26.07, 119.3],
  Changsha: [28.23, 112.94],
  Wuhan: [30.59, 114.31],
  Nanchang: [28.68, 115.86],
  Hangzhou: [30.27, 120.16],
  Shanghai: [31.23, 121.47],
  Nanjing: [32.06, 118.8],
  Qingdao: [36.07, 120.38],
  Shijiazhuang: [38.04, 114.51],
  Tianjing: [39.08, 117.2],
  Dalian: [38.91, 121.6],
  Shenyang: [41.8, 123.43],
  Harbin: [45.8, 126.53],
  Chanchun: [43.82, 125.32],
  Hefei: [31.82, 117.23],
};
