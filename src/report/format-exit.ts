/** How a trial's first process ended, for a table: `0`, `SIGKILL`, or `-` where nobody knows. */
export function formatExit(end: {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}): string {
  return end.signal ?? (end.exitCode === undefined ? '-' : String(end.exitCode));
}
