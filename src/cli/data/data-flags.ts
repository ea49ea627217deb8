import type { Flags } from '../command.ts';

const fileFlag = {
  kind: 'string',
  value: 'PATH',
  summary: "a file, a folder, or a pattern in which * also matches /: file='data/*.csv'",
} as const;

/** Flags of the commands that choose keys. */
export const selectFlags = {
  file: fileFlag,
  include: { kind: 'list', value: 'PATTERN', summary: 'only keys that match; may be given several times' },
  exclude: { kind: 'list', value: 'PATTERN', summary: 'no keys that match; may be given several times' },
} as const satisfies Flags;

/** Flags of the commands that move files. */
export const transferFlags = {
  ...selectFlags,
  local_path: { kind: 'string', value: 'FOLDER', summary: 'where the files are, instead of the project' },
  overwrite: { kind: 'boolean', summary: 'replace what is there and differs' },
  allow_empty: { kind: 'boolean', summary: 'it is no mistake if nothing matches' },
  dry_run: { kind: 'boolean', summary: 'say what would be done, and change nothing' },
} as const satisfies Flags;
