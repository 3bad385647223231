/** `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`, after the state machine's ARN. */
export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}

/** The state machine's ARN and the execution's name; undefined when the text is not an execution's ARN. */
export function readExecutionArn(
  arn: string,
): { readonly machineArn: string; readonly name: string } | undefined {
  const [, head, machine, name] = /^(arn:.*):execution:([^:]+):([^:]+)$/.exec(arn) ?? [];
  if (head === undefined || machine === undefined || name === undefined) return undefined;
  return { machineArn: `${head}:stateMachine:${machine}`, name };
}
