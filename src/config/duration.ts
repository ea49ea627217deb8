const unitSeconds = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/**
 * Seconds of a duration as fields write it: `90s`, `45m`, `12h`, `2d6h30m`, or a number of seconds; 0 among them. `undefined`
 * for `null`, for absence, and for what is none, such as the value of a placeholder gone wrong.
 */
export function parseDuration(written: string | number | null | undefined): number | undefined {
  if (typeof written === 'number') return Number.isInteger(written) && written >= 0 ? written : undefined;
  if (!written) return undefined;
  const match = /^(?:(\d{1,7})d)?(?:(\d{1,8})h)?(?:(\d{1,9})m)?(?:(\d{1,10})s)?$/.exec(
    /^\d+$/.test(written) ? `${written}s` : written,
  );
  if (match === null) return undefined;
  return (['d', 'h', 'm', 's'] as const).reduce(
    (sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unitSeconds[unit],
    0,
  );
}
