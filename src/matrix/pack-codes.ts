/** Exit codes of a pack's trials in their order; `null` of one that has not ended. */
export type PackCodes = readonly (number | null)[];

/** Reads the list of exit codes that a pack leaves: `[0,null,3]`. */
export function readPackCodes(text: string | undefined): PackCodes | undefined {
  return text !== undefined && /^\[(\d{1,3}|null)(,(\d{1,3}|null))*\]$/.test(text)
    ? (JSON.parse(text) as PackCodes)
    : undefined;
}
