const unitSeconds = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/**
 * Seconds of a duration as fields write it: `90s`, `45m`, `12h`, `2d6h30m`, or a number of seconds. `undefined`
 * for `null`, for absence, and for text that is none (which validation has refused).
 */
export function parseDuration(written: string | number | null | undefined): number | undefined {
  if (typeof written === 'number') return written;
  if (!written) return undefined;
  if (/^\d+$/.test(written)) return Number(written);
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(written);
  if (match === null) return undefined;
  return (['d', 'h', 'm', 's'] as const).reduce(
    (sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unitSeconds[unit],
    0,
  );
}
