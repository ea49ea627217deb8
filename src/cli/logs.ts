import type { AskedCluster } from './cluster/cluster-logs.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'logs',
  flags: {
    name: {
      kind: 'string',
      value: 'NAME',
      required: true,
      summary: "a trial's name, or a pattern such as '*-vit-*'",
    },
    attempt: {
      kind: 'count',
      minimum: 1,
      summary: "attempt N, of the Job's pods or the logs kept here (default: the last)",
    },
    follow: { kind: 'boolean', summary: 'go on, with pods that come later, until the Jobs have ended' },
    previous: { kind: 'boolean', summary: 'the container before the last restart' },
    tail: { kind: 'count', summary: 'only the last N lines of each pod' },
    container: { kind: 'string', value: 'NAME', summary: "the pod's container (default: the first)" },
    raw: { kind: 'boolean', summary: 'send control sequences to the terminal as they are' },
    local: { kind: 'boolean', summary: 'only what has run on this machine; contacts nothing' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
    path: { kind: 'boolean', summary: 'print where the log is instead of the log' },
  },
  example: "make logs name='*-vit-*'",
  async run(options, context) {
    const { name, attempt, path, local, json } = options;
    let asked: AskedCluster | undefined;
    if (!local && !path) {
      const { openProject, usesRunai } = await import('./project.ts');
      const isRunai = await usesRunai(context);
      if (isRunai && attempt === undefined) {
        const { printRunaiLogs } = await import('./runai/print-logs.ts');
        return await printRunaiLogs(await openProject(context), options, context);
      }
      if (!isRunai) {
        const { printClusterLogs } = await import('./cluster/cluster-logs.ts');
        const answer = await printClusterLogs(options, context);
        if (typeof answer === 'number') return answer;
        asked = answer;
      }
    }
    const { printLocalLogs } = await import('./local/print-local-logs.ts');
    return await printLocalLogs({ name, attempt, path, json, asked }, context);
  },
});
