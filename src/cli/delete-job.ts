import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'delete-job',
  flags: {
    name: {
      kind: 'string',
      value: 'NAME',
      summary: "only this one, or those of a pattern such as '*-vit-*'",
    },
    yes: { kind: 'boolean', summary: 'delete without being asked; needed where there is no terminal' },
  },
  example: "make delete_job name='*-vit-*'",
  async run({ name, yes, json }, context) {
    const { deleteWorkloads } = await import('./cluster/delete-workloads.ts');
    return await deleteWorkloads({ what: 'jobs', name, yes, json }, context);
  },
});
