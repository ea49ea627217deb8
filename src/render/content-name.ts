import { createHash, createHmac } from 'node:crypto';

/**
 * `jdoe-example-env-1a2b3c4d5e`: who and what for people, a hash of the content for machines. With `key` the
 * hash is keyed, so that a name tells nothing of secret content to who can list names.
 */
export function contentName(
  owner: { readonly user: string; readonly project: string },
  part: string,
  content: string,
  key?: Uint8Array,
): string {
  const hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  const digest = hash
    .update(JSON.stringify([owner.user, owner.project, part]))
    .update(content)
    .digest('hex')
    .slice(0, 10);
  const readable = dnsLabel(`${owner.user}-${owner.project}`).slice(0, 62 - part.length - digest.length);
  return `${readable.replace(/-+$/, '')}-${part}-${digest}`;
}

/** A text as a DNS label, of any length: lower case, other characters as dashes. */
function dnsLabel(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return label === '' ? 'ktb' : label;
}
