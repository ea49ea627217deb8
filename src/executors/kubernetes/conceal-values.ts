import { ApiError } from './api-error.ts';

/** Shorter ones are in every text, and keep nothing secret. */
const shortest = 4;

/** What a server says of a Secret that it refuses, without the Secret's values: a webhook may quote them. */
export function concealValues(error: ApiError, secret: object): ApiError {
  const values = valuesOf(secret);
  const conceal = (text: string): string =>
    values.reduce((rest, value) => rest.replaceAll(value, '***'), text);
  const { status, reason, details } = error;
  const causes = details?.causes?.map((cause) => ({
    ...cause,
    ...(cause.message !== undefined && { message: conceal(cause.message) }),
  }));
  return new ApiError(status, {
    message: conceal(error.message),
    reason,
    ...(details !== undefined && { details: { ...details, ...(causes !== undefined && { causes }) } }),
  });
}

/** As they are in the object, decoded, and of files each line and what is assigned there; the longest first. */
function valuesOf(secret: object): readonly string[] {
  const { data = {} } = secret as { readonly data?: Readonly<Record<string, string>> };
  const values = new Set<string>();
  for (const encoded of Object.values(data)) {
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    const assigned = lines.map((line) => line.replace(/^[^=]*=\s*/, '').replace(/^(["'])(.*)\1$/, '$2'));
    for (const value of [encoded, text.trim(), ...lines, ...assigned])
      if (value.length >= shortest) values.add(value);
  }
  return [...values].sort((a, b) => b.length - a.length);
}
