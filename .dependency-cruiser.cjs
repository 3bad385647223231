/** Who may import whom: ARCHITECTURE.md says why. Tests may import anything. */
const tests = "\\.(test|contract)\\.ts$|^test/";
const forbid = (name, from, to, comment, more = {}) => ({
  name,
  comment,
  severity: "error",
  from: { path: from, pathNot: tests },
  to: { path: "^(events|market|exports|functions|infra|agent|bench|cli|node_modules)/", ...to, ...more },
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    forbid(
      "catalog-imports-zod-only",
      "^events/catalog/",
      { pathNot: "^(events/catalog/|node_modules/zod/)" },
      "The catalog is storage format.",
    ),
    forbid(
      "upcasts-import-catalog",
      "^events/upcasts\\.ts$",
      { pathNot: "^events/catalog/|^node_modules/zod/" },
      "Upcasts know the catalog only.",
    ),
    forbid(
      "market-is-pure",
      "^market/",
      { pathNot: "^(market/|events/catalog/|node_modules/zod/)" },
      "Rules know facts and nothing else.",
    ),
    {
      name: "market-has-no-clock-no-io",
      severity: "error",
      from: { path: "^(market|events/catalog)/", pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    forbid(
      "store-imports-catalog",
      "^events/store/",
      { path: "^(market|functions|infra|agent|bench)/" },
      "The store does not know the rules.",
    ),
    {
      name: "dynamodb-in-one-file",
      severity: "error",
      from: { path: "^(events|market)/", pathNot: `^events/store/dynamo\\.ts$|${tests}` },
      to: { path: "node_modules/@aws-sdk/" },
    },
    forbid(
      "exports-know-facts-and-rules",
      "^exports/",
      { pathNot: "^(exports/|events/catalog/|market/|node_modules/(csv-stringify|hyparquet-writer)/)" },
      "An export is made of the feed's pages by the rules, whoever reads them.",
    ),
    forbid(
      "exports-are-for-the-edge",
      "^(events|market|functions|agent)/|^infra/[^/]+\\.ts$",
      { path: "^exports/" },
      "The command line and the local machine write files; handlers and rules do not.",
    ),
    forbid(
      "functions-import-no-infra",
      "^functions/",
      { path: "^(infra|agent|bench)/" },
      "Handlers do not know where they run.",
    ),
    forbid(
      "infra-imports-manifest",
      "^infra/[^/]+\\.ts$",
      {
        path: "^(events|market|functions|agent|bench)/",
        pathNot: "^functions/(manifest|metrics)\\.ts$|^events/store/tables\\.ts$",
      },
      "The CDK app is made from the manifest, names of metrics and key names.",
    ),
    forbid(
      "agent-imports-the-contract",
      "^agent/",
      { path: "^(events|market|functions|infra|bench)/", pathNot: "^functions/contract/" },
      "A center needs nothing but the API's document.",
    ),
    forbid(
      "cli-imports-the-contract",
      "^cli/",
      {
        path: "^(events|market|functions|infra|agent|bench)/",
        pathNot:
          "^functions/contract/|^agent/client\\.ts$|^infra/local/issuer\\.ts$|^events/store/feed\\.ts$",
      },
      "The command line is a member like others; login alone opens keys of a local exchange, exports alone read events.",
    ),
    {
      name: "nobody-imports-the-cli",
      severity: "error",
      from: { path: "^(events|market|functions|infra|agent|bench)/", pathNot: tests },
      to: { path: "^cli/" },
    },
    forbid(
      "audit-shares-no-code",
      "^bench/audit/",
      { path: "^(events|market|functions|infra|agent|cli)/" },
      "The audit recomputes by code of its own.",
    ),
    {
      name: "nothing-imports-a-handler",
      severity: "error",
      from: { path: "^(events|market|agent|bench|cli)/", pathNot: tests },
      to: { path: "^functions/(?!contract/|manifest)" },
    },
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API: swc reads the imports.
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
