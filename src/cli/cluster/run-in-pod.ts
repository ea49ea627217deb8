import type { Writable } from 'node:stream';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ApiError } from '../../executors/kubernetes/api-error.ts';
import { exec } from '../../executors/kubernetes/exec.ts';
import { refused } from '../../executors/kubernetes/namespace-api.ts';
import { ExitCode } from '../../exit-code.ts';
import { findRunningPod } from './find-running-pod.ts';
import { enterProject } from './interactive-pod.ts';
import { openPlace } from './last-launch.ts';
import { openCluster } from './open-cluster.ts';

export interface RunInPodOptions {
  readonly pod: string;
  /** Bash text; absent: an interactive shell. */
  readonly text: string | undefined;
  readonly container: string | undefined;
  readonly yes: boolean;
}

/** A shell in a pod, with the terminal's size and keys, or one command; ends with its exit code. */
export async function runInPod(options: RunInPodOptions, context: Context): Promise<ExitCode> {
  const config = await openPlace(context);
  using cluster = await openCluster(config, { yes: options.yes }, context);
  const { api } = cluster;
  const pod = (await findRunningPod(cluster, options.pod, context.signal)).metadata.name;
  const isTerminal =
    options.text === undefined && context.stdin.isTTY === true && context.stdout.isTTY === true;
  const stdin = context.stdin as Context['stdin'] & { setRawMode?: (raw: boolean) => void };
  if (isTerminal) stdin.setRawMode?.(true);
  try {
    const code = await exec(
      api,
      {
        pod,
        container: options.container,
        command: [
          'bash',
          '-c',
          `${enterProject(config.project.project_name)}; ${options.text ?? 'exec bash -l'}`,
        ],
        stdin: context.stdin,
        stdout: context.stdout,
        stderr: context.stderr,
        terminal: isTerminal ? terminalOf(context.stdout) : undefined,
      },
      context.signal,
    );
    // The exit code is the command's own, as with kubectl exec and ssh.
    return code as ExitCode;
  } catch (error) {
    if (error instanceof ApiError) throw refused(`a shell in pod "${pod}" is refused`, error);
    if (isMissingBash(error))
      throw new DiagnosticError(
        errorDiagnostic('KUBE_NO_PROGRAM', `the image of pod "${pod}" has no bash`, {
          hint: 'use an image with bash',
        }),
        ExitCode.refused,
      );
    throw error;
  } finally {
    if (isTerminal) stdin.setRawMode?.(false);
    context.stdin.destroy();
  }
}

function isMissingBash(error: unknown): boolean {
  return error instanceof DiagnosticError && error.diagnostics[0]?.code === 'KUBE_NO_PROGRAM';
}

function terminalOf(stdout: Writable & { readonly columns?: number; readonly rows?: number }) {
  return {
    size: () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 }),
    onResize: (listener: () => void) => {
      stdout.on('resize', listener);
      return () => {
        stdout.off('resize', listener);
      };
    },
  };
}
