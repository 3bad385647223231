import { describe, expect, test } from "vitest";
import { markdownTable, withSection } from "./marked-section.ts";

const document = "# Title\n\n<!-- cost:begin by a run -->\n\nold\n\n<!-- cost:end -->\n\nlast\n";

describe("a section that a run writes", () => {
  test("replaces what is between its marks, and nothing else, however often", () => {
    const once = withSection(document, "cost", "new\n");
    expect(once).toBe(document.replace("old", "new"));
    expect(withSection(once, "cost", "new")).toBe(once);
  });

  test("that the document does not have is an error", () => {
    expect(() => withSection("# Title\n", "cost", "new")).toThrow("no section cost");
  });
});

test("a table is laid out by its widest cells", () => {
  const table = markdownTable(["item", "n"], [["a longer one", "1,000"]]);
  expect(table.split("\n")).toEqual([
    "| item         |     n |",
    "| ------------ | ----: |",
    "| a longer one | 1,000 |",
  ]);
});
