import type { Center, ScenarioFile } from "./scenario-file.ts";

type Path = readonly (string | number)[];

/** Something in a scenario that does not fit what else it says. */
export interface Misfit {
  readonly path: Path;
  readonly message: string;
}

/** What the schema of each part cannot see: names that are there twice or not at all, and pools offered twice over. */
export function misfitsOf(file: ScenarioFile): Misfit[] {
  const clusters = file.tenants.flatMap(({ cluster }, n): Named[] =>
    cluster === undefined ? [] : [[["tenants", n, "cluster"], cluster]],
  );
  return [
    ...[...Object.values(namesOf(file)), clusters].flatMap(namedTwice),
    ...strangeNames(file),
    ...file.centers.flatMap(oversold),
  ];
}

type Named = readonly [path: Path, name: string];

function namesOf({ products, centers, tenants }: ScenarioFile) {
  return {
    product: products.map(({ product }, n): Named => [["products", n, "product"], product]),
    center: centers.map(({ center }, n): Named => [["centers", n, "center"], center]),
    tenant: tenants.map(({ tenant }, n): Named => [["tenants", n, "tenant"], tenant]),
  };
}

function namedTwice(list: readonly Named[]): Misfit[] {
  return list
    .filter(([, name], n) => list.slice(0, n).some(([, before]) => before === name))
    .map(([path, name]) => ({ path, message: `${name} is there twice: give each a name of its own` }));
}

function strangeNames(file: ScenarioFile): Misfit[] {
  const { centers, links, tenants, failures, shortages, workloads } = file;
  const known = namesOf(file);
  const unknown = (kind: keyof typeof known, names: readonly Named[]): Misfit[] => {
    const all = known[kind].map(([, name]) => name);
    return names
      .filter(([, name]) => !all.includes(name))
      .map(([path, name]) => ({
        path,
        message: `there is no ${kind} ${name}: name one of ${all.join(", ")}`,
      }));
  };
  return [
    ...unknown("center", [
      ...links.flatMap(({ from, to }, n): Named[] => [
        [["links", n, "from"], from],
        [["links", n, "to"], to],
      ]),
      ...tenants.map(({ home }, n): Named => [["tenants", n, "home"], home]),
      ...failures.map(({ center }, n): Named => [["failures", n, "center"], center]),
      ...shortages.map(({ center }, n): Named => [["shortages", n, "center"], center]),
    ]),
    ...unknown("product", [
      ...centers.flatMap(({ pools }, c) =>
        pools.map(({ product }, n): Named => [["centers", c, "pools", n, "product"], product]),
      ),
      ...tenants.flatMap(({ products }, t) =>
        products.map((product, n): Named => [["tenants", t, "products", n], product]),
      ),
    ]),
    ...unknown(
      "tenant",
      Object.entries(workloads).map(([name, { tenant }]): Named => [["workloads", name, "tenant"], tenant]),
    ),
  ];
}

/** Offers of a center for which its pool has no cards, in their order. */
function oversold({ center, pools, offers }: Center, c: number): Misfit[] {
  return offers.flatMap(({ product }, n) => {
    const had = pools.filter((pool) => pool.product === product).reduce((sum, { cards }) => sum + cards, 0);
    const offered = offers
      .slice(0, n + 1)
      .filter((offer) => offer.product === product)
      .reduce((sum, { cards }) => sum + cards, 0);
    if (offered <= had) return [];
    return [
      {
        path: ["centers", c, "offers", n, "cards"],
        message: `${center} offers ${offered} ${product} cards and has ${had}: offer no more than it has`,
      },
    ];
  });
}
