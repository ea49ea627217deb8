import { quoteForShell } from '../../matrix/shell-quote.ts';

export interface PayloadOptions {
  /** The shell of the image, `/bin/zsh`; its start-up file is read first, because it sets paths. */
  readonly shell: string;
  readonly workingDir?: string | undefined;
  /** A Python virtual environment, absolute or relative to the working directory. */
  readonly venv?: string | undefined;
  /** Seconds after which the command is ended, where it does not end by itself. */
  readonly timeout?: number | undefined;
}

/** The script a workload runs: the shell's set-up, where to be, and the command last. */
export function formatScript(command: string, options: PayloadOptions): string {
  const { shell, workingDir, venv, timeout } = options;
  const startup = startupOf(shell);
  const steps = [
    ...(startup === undefined ? [] : [startup]),
    ...(workingDir === undefined ? [] : [`cd ${quotePath(workingDir)}`]),
    ...(venv === undefined
      ? []
      : [`${startup === undefined ? '.' : 'source'} ${quotePath(`${venv}/bin/activate`)}`]),
    timeout === undefined ? command : `timeout ${timeout} ${shell} -c ${quoteForShell(command)}`,
  ];
  return steps.join(' && ');
}

/** What an interactive shell of the kind would read; of others than these it has another name each. */
function startupOf(shell: string): string | undefined {
  if (shell.endsWith('/zsh')) return 'source ~/.zshrc';
  return shell.endsWith('/bash') ? '{ [ ! -r ~/.bashrc ] || source ~/.bashrc; }' : undefined;
}

/** A path as one types it: a leading `~`, and variables of the pod such as `$SCRATCH_HOME`, keep their meaning. */
function quotePath(path: string): string {
  return /^~?[\w./${}@%+,:=-]*$/.test(path) ? path : quoteForShell(path);
}

/**
 * The last argument of `runai submit … -- SHELL -c`: the script travels as base64, because run:ai passes the
 * command through another round of word splitting, and is shown in the log before it runs.
 */
export function encodePayload(script: string, shell: string): string {
  const encoded = Buffer.from(script, 'utf8').toString('base64');
  const file = '/tmp/job_payload.sh';
  return `echo ${encoded} | base64 -d > ${file} && cat ${file} && ${shell} ${file}`;
}
