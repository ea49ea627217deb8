import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'delete',
  flags: {
    yes: { kind: 'boolean', summary: 'delete without being asked; needed where there is no terminal' },
  },
  example: 'make delete yes=true',
  async run({ yes, json }, context) {
    const { deleteWorkloads } = await import('./cluster/delete-workloads.ts');
    return await deleteWorkloads({ what: 'all', yes, json }, context);
  },
});
