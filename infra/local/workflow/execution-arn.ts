/** `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`, after the state machine's ARN. */
export function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
}
