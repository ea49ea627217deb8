import { defineCommand } from './command.ts';
import { selectionFlags } from './selection-flags.ts';

export const command = defineCommand({
  name: 'local-first',
  flags: { ...selectionFlags },
  example: "make local-first where='model=vit'",
  async run({ where, only, json }, context) {
    const { runLocally } = await import('./local/run-locally.ts');
    return await runLocally(
      { where, only, json, jobs: 1, failFast: true, first: true, typed: 'ktb local-first' },
      context,
    );
  },
});
