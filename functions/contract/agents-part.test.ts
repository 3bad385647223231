import { expect, test } from "vitest";
import { rules } from "../../market/rules.ts";
import { AssignmentChange } from "./centers.ts";

test("what the rules leave to a center's agent is in its assignments, in the rules' numbers", () => {
  const { description } = AssignmentChange.shape.mayGoOn;
  expect(description).toContain(`checkpoint signal ${rules.checkpointNoticeSeconds} s before \`to\``);
  expect(description).toContain(`for ${rules.outageHours} hours at most`);
});
