import { defineCommand } from './command.ts';
import { selectionFlags } from './selection-flags.ts';

export const command = defineCommand({
  name: 'job',
  flags: {
    ...selectionFlags,
    overwrite: {
      kind: 'choice',
      choices: ['true', 'changed', 'failed'],
      summary: 'replace all Jobs, or those whose definition has changed (failed ones are replaced anyway)',
    },
    wait: { kind: 'boolean', summary: 'follow the Jobs until all have ended; exit 1 if one has failed' },
    max_parallel: { kind: 'count', minimum: 1, summary: 'let at most N of the sweep run at once' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: "make job where='model=vit' wait=true",
  async run(options, context) {
    const { openPlan, usesRunai } = await import('./project.ts');
    if (await usesRunai(context)) {
      const { launchTrials } = await import('./runai/launch-trials.ts');
      return await launchTrials(await openPlan(context, { side: 'remote' }), options, context);
    }
    const { launchJobs } = await import('./cluster/launch-jobs.ts');
    return await launchJobs(options, context);
  },
});
