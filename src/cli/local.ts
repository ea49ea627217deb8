import { defineCommand } from './command.ts';
import { selectionFlags } from './selection-flags.ts';

export const command = defineCommand({
  name: 'local',
  flags: {
    ...selectionFlags,
    resume: { kind: 'boolean', summary: 'leave out trials that have succeeded and have not changed since' },
    jobs: {
      kind: 'count',
      minimum: 1,
      summary: 'run N trials at a time, each line with its trial in front (default 1)',
    },
    fail_fast: { kind: 'boolean', summary: 'stop at the first trial that does not succeed' },
  },
  example: 'make local jobs=4 resume=true',
  async run(options, context) {
    const { runLocally } = await import('./local/run-locally.ts');
    const { where, only, resume, jobs, fail_fast: failFast, json } = options;
    const typed = describeCommandLine('local', { ...options });
    return await runLocally(
      { where, only, resume, jobs: jobs ?? 1, failFast, json, first: false, typed },
      context,
    );
  },
});

/** `local jobs=4 resume=true`: a command with the options it was given. */
export function describeCommandLine(name: string, options: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== false);
  return ['ktb', name, ...given.map(([key, value]) => `${key}=${String(value)}`)].join(' ');
}
