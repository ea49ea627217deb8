import type { Command } from './command.ts';

/** Headings of `ktb --help`, `make` and docs/commands.md, in their order. */
export const groups = ['Plan', 'Run here', 'Run on the cluster', 'Data', 'Images', 'Project'] as const;

/** A command before it is loaded: what `ktb --help` and completion need without importing it. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly group: (typeof groups)[number];
  readonly load: () => Promise<Command>;
}
