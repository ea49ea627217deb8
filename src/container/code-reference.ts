/**
 * Which code a sweep runs: decided once, when it is started. As text (`git:COMMIT`, `snapshot:DIGEST`,
 * `image`) it stands on the Job and in the run record.
 */
export type CodeReference =
  /** `commit` is 40 or 64 hex digits. */
  | { readonly kind: 'git'; readonly commit: string }
  /** `digest` is the SHA-256 of the unpacked tar, 64 hex digits. */
  | { readonly kind: 'snapshot'; readonly digest: string }
  | { readonly kind: 'image' };

export function formatCodeReference(reference: CodeReference): string {
  switch (reference.kind) {
    case 'git':
      return `git:${reference.commit}`;
    case 'snapshot':
      return `snapshot:${reference.digest}`;
    case 'image':
      return 'image';
  }
}

/** The inverse of {@link formatCodeReference}; `undefined` for text that is none. */
export function parseCodeReference(text: string): CodeReference | undefined {
  if (text === 'image') return { kind: 'image' };
  const [, kind, hex] = /^(git|snapshot):([0-9a-f]{40}|[0-9a-f]{64})$/.exec(text) ?? [];
  if (hex === undefined) return undefined;
  if (kind === 'git') return { kind, commit: hex };
  return hex.length === 64 ? { kind: 'snapshot', digest: hex } : undefined;
}
