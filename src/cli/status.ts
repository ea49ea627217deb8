import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { DiskRecordStore } from '../records/record-store.ts';
import { trialToJson } from '../report/json-report.ts';
import { formatCounts, formatStates, type TrialStatus } from '../report/state-matrix.ts';
import { defineCommand } from './command.ts';
import { decideLocally } from './local/select-locally.ts';
import { openPlan } from './project.ts';
import { reportDiagnostics } from './report-diagnostics.ts';
import { selectionFlags } from './selection-flags.ts';
import { writeLines } from './write-lines.ts';

export const command = defineCommand({
  name: 'status',
  flags: {
    ...selectionFlags,
    watch: {
      kind: 'boolean',
      summary: 'show it again after every change on the cluster, until all have ended',
    },
    local: { kind: 'boolean', summary: 'only what has run on this machine; contacts nothing' },
    yes: { kind: 'boolean', summary: 'go on without being asked' },
  },
  example: 'make status only=failed',
  async run(options, context) {
    const { json } = options;
    if (options.watch) refuseWithoutCluster(options, context);
    if (!options.local) {
      const { statusOfCluster } = await import('./cluster/status-of-cluster.ts');
      const code = await statusOfCluster(options, context);
      if (code !== undefined) return code;
    }
    const project = await openPlan(context, { side: 'local' });
    const records = new DiskRecordStore(context.cwd, (warning) =>
      reportDiagnostics([warning], context, { json }),
    );
    const decisions = decideLocally(project, records, { ...options, resume: true });
    if (json) {
      await writeLines(context, decisions, ({ spec, observation, changed }) => {
        const { name, state = 'missing', fingerprint, ...rest } = observation ?? { name: spec.name };
        const fingerprints = { fingerprint: spec.fingerprint.hash, ran: fingerprint?.hash };
        return JSON.stringify({
          type: 'status',
          ...trialToJson(spec.trial),
          state,
          changed,
          ...fingerprints,
          ...rest,
        });
      });
      return ExitCode.ok;
    }
    const statuses: TrialStatus[] = [];
    for (const { spec, observation, changed } of decisions) {
      statuses.push({ trial: spec.trial, observation, changed });
    }
    const color = context.stdout.isTTY === true && !context.env['NO_COLOR'];
    await writeLines(context, formatStates(statuses, color), (line) => line);
    await writeLines(context, [formatCounts(statuses)], (line) => line);
    return ExitCode.ok;
  },
});

/** One look at what has run here would pass for the end of the sweep. */
function refuseWithoutCluster({ local }: { readonly local: boolean }, { cwd }: Context): void {
  const why = local
    ? 'local=true leaves it out'
    : existsSync(join(cwd, 'config/kube.yaml'))
      ? undefined
      : 'there is no config/kube.yaml';
  if (why === undefined) return;
  throw new DiagnosticError(
    errorDiagnostic('CLI_BAD_VALUE', `"watch" shows changes on the cluster, and ${why}`, {
      hint: `leave ${local ? 'one of them' : 'watch'} out`,
    }),
    ExitCode.usage,
  );
}
