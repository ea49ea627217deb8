import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'clean-jobs',
  flags: {
    yes: { kind: 'boolean', summary: 'delete without being asked; needed where there is no terminal' },
  },
  example: 'make clean_jobs yes=true',
  async run({ yes, json }, context) {
    const { deleteWorkloads } = await import('./cluster/delete-workloads.ts');
    return await deleteWorkloads({ what: 'failed-jobs', yes, json }, context);
  },
});
