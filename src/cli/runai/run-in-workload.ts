import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import { definedVariables } from '../local/local-environments.ts';
import { openRunai } from './open-runai.ts';

/** `make exec` with `backend: runai`: a shell in a workload, or one command; ends with its exit code. */
export async function runInWorkload(
  config: Config,
  options: { readonly pod: string; readonly text: string | undefined },
  context: Context,
): Promise<ExitCode> {
  const { executor, settings } = await openRunai(config, context);
  const seen = (await executor.list(context.signal)).get(options.pod);
  if (seen === undefined) throw noWorkload(options.pod, settings.project);
  const isTerminal = context.stdin.isTTY === true && context.stdout.isTTY === true;
  const { shell } = settings;
  const argv = [
    'exec',
    options.pod,
    '--project',
    settings.project,
    isTerminal ? '-it' : '-i',
    '--',
    shell,
    ...(options.text === undefined ? [] : ['-c', options.text]),
  ];
  // The command line of run:ai owns the terminal; Ctrl-C is for the shell in the pod.
  const child = spawn('runai', argv, {
    cwd: context.cwd,
    env: definedVariables(context.env),
    stdio: isTerminal ? 'inherit' : 'pipe',
    signal: context.signal,
  });
  if (child.stdin !== null) context.stdin.pipe(child.stdin);
  child.stdout?.pipe(context.stdout, { end: false });
  child.stderr?.pipe(context.stderr, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  context.stdin.destroy();
  return (code ?? ExitCode.failed) as ExitCode;
}

function noWorkload(name: string, project: string): DiagnosticError {
  return new DiagnosticError(
    errorDiagnostic('RUNAI_NO_WORKLOAD', `run:ai lists no workload "${name}" in project ${project}`, {
      hint: 'make status shows the trials, make pod creates an interactive pod',
    }),
    ExitCode.refused,
  );
}
