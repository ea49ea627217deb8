import type { Context } from '../context.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { defineCommand } from './command.ts';
import type { LocalSelectionOptions } from './local/select-locally.ts';
import { openPlan, type ProjectPlan } from './project.ts';
import { reportDiagnostics } from './report-diagnostics.ts';
import { selectionFlags } from './selection-flags.ts';
import { writeLines } from './write-lines.ts';

export const command = defineCommand({
  name: 'local-dryrun',
  flags: selectionFlags,
  example: "make local-dryrun where='lr=0.01'",
  async run(options, context) {
    const { json, where, only } = options;
    const project = await openPlan(context, { side: 'local' });
    const chosen =
      where === undefined && only === undefined
        ? project.plan.commands()
        : await chooseCommands(project, options, context);
    await writeLines(context, chosen, ({ name, command: text }) =>
      json ? JSON.stringify({ type: 'command', name, command: text }) : `${name}: ${text.trim()}`,
    );
    return ExitCode.ok;
  },
});

/** Looking at records takes longer than everything else here, so only who chooses among trials pays for it. */
async function chooseCommands(
  project: ProjectPlan,
  options: LocalSelectionOptions & { readonly json: boolean },
  context: Context,
): Promise<Iterable<Pick<JobSpec, 'name' | 'command'>>> {
  const [{ DiskRecordStore }, { decideLocally }] = await Promise.all([
    import('../records/record-store.ts'),
    import('./local/select-locally.ts'),
  ]);
  const { json } = options;
  const warn = (warning: Diagnostic) => reportDiagnostics([warning], context, { json });
  const decisions = decideLocally(project, new DiskRecordStore(context.cwd, warn), options);
  return decisions.map(({ spec }) => spec);
}
