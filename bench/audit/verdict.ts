export interface AuditCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was compared, or the first of what is wrong. */
  readonly detail: string;
}

export function verdict(name: string, faults: readonly string[], fine: string): AuditCheck {
  const [first] = faults;
  if (first === undefined) return { name, ok: true, detail: fine };
  const more = faults.length === 1 ? "" : ` (and ${faults.length - 1} more)`;
  return { name, ok: false, detail: `${first}${more}` };
}

export function yuan(mills: bigint): string {
  return `${(Number(mills / 10n) / 100).toLocaleString("en", { minimumFractionDigits: 2 })} CNY`;
}
