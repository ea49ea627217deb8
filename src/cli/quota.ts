import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'quota',
  flags: { yes: { kind: 'boolean', summary: 'go on without being asked' } },
  example: 'make quota',
  async run({ yes, json }, context) {
    const { showQuota } = await import('./cluster/show-quota.ts');
    return await showQuota({ yes, json }, context);
  },
});
