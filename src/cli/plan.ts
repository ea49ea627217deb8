import once from 'lodash/once.js';
import { ExitCode } from '../exit-code.ts';
import { assemble } from '../matrix/assemble.ts';
import { DiskRecordStore } from '../records/record-store.ts';
import { hasSweepCluster } from '../records/sweep-cluster-path.ts';
import { formatDecision, formatPlanTotals, PlanTotals } from '../report/format-plan.ts';
import { trialToJson } from '../report/json-report.ts';
import { defineCommand } from './command.ts';
import { decideLocally, explainDecision } from './local/select-locally.ts';
import { openPlan } from './project.ts';
import { reportDiagnostics } from './report-diagnostics.ts';
import { selectionFlags } from './selection-flags.ts';
import { writeLines } from './write-lines.ts';

export const command = defineCommand({
  name: 'plan',
  flags: {
    ...selectionFlags,
    resume: { kind: 'boolean', summary: 'show what make local resume=true would do' },
  },
  example: "make plan where='model=vit'",
  async run(options, context) {
    const { json } = options;
    const project = await openPlan(context, { side: 'local' });
    const records = new DiskRecordStore(context.cwd, (warning) =>
      reportDiagnostics([warning], context, { json }),
    );
    const totals = new PlanTotals();
    // A sweep that has run here only needs no second plan.
    const remote = once(() => {
      const { config, matrix } = project;
      const assembled = assemble(config, matrix, { side: 'remote' });
      return assembled.ok ? assembled.value : undefined;
    });
    await writeLines(context, decideLocally({ ...project, remote }, records, options), (decision) => {
      const { spec, observation, action, changed } = decision;
      const state = observation?.state ?? 'missing';
      totals.add(state, action);
      if (!json) return formatDecision(spec, state, action, explainDecision(decision));
      const { trial, command: text, fingerprint } = spec;
      return JSON.stringify({
        type: 'trial',
        ...trialToJson(trial),
        command: text,
        fingerprint: fingerprint.hash,
        state,
        do: action.kind === 'keep' ? 'leave' : 'run',
        why: explainDecision(decision),
        changed,
      });
    });
    if (!json && hasSweepCluster(context.cwd)) {
      const status = options.only === undefined ? 'make status' : `make status only=${options.only}`;
      context.stderr.write(`plan knows what has run here and what is recorded; ${status} asks the cluster\n`);
    }
    if (json) context.stdout.write(`${JSON.stringify({ type: 'totals', ...totals.toJson() })}\n`);
    else context.stdout.write(formatPlanTotals(totals));
    return ExitCode.ok;
  },
});
