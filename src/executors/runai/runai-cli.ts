import { execa } from 'execa';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';

/** The run:ai command line as the user has it on PATH. */
export interface RunaiCli {
  /**
   * Runs `runai ARGS` and returns its standard output.
   *
   * @throws DiagnosticError (exit 3) that tells an absent tool, an expired login, a taken name and an unknown
   *   project apart
   */
  run(args: readonly string[], signal: AbortSignal): Promise<string>;
  /** The same with the output as it comes, for logs. */
  stream(args: readonly string[], signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What is kept of standard output for a message: run:ai writes some of its errors there. */
const keptBytes = 4096;

export function createRunaiCli(env: Readonly<Record<string, string | undefined>>, cwd: string): RunaiCli {
  async function* stream(args: readonly string[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const running = execa('runai', args, {
      cwd,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      cancelSignal: signal,
      buffer: { stdout: false, stderr: true },
      encoding: 'buffer',
    });
    let said = Buffer.alloc(0);
    for await (const chunk of running.stdout as AsyncIterable<Uint8Array>) {
      said = Buffer.concat([said, chunk]).subarray(-keptBytes);
      yield chunk;
    }
    const result = await running;
    if (!result.failed || signal.aborted) return;
    // A process that did not start has said nothing itself.
    const errors = Buffer.from(result.stderr ?? '')
      .toString('utf8')
      .trim();
    const words = errors || said.toString('utf8').trim() || (result.originalMessage ?? '');
    throw explainFailure(args, result.code, words);
  }
  return {
    stream,
    async run(args, signal) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream(args, signal)) chunks.push(chunk);
      signal.throwIfAborted();
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

/** What run:ai says of a failure, and what that is to us, in the order in which they are tried. */
const failures = [
  {
    code: 'RUNAI_LOGIN_EXPIRED',
    pattern:
      /\blog(ged)? ?in\b|not authenticated|(un|not )authori[sz]ed|access denied|token .*expired|expired .*token|id-token|\b401\b/i,
    message: 'run:ai does not know you any more',
    hint: 'run: runai login',
  },
  {
    code: 'RUNAI_NO_WORKLOAD',
    pattern: /\b(job|workload)\b.*(does not exist|not found|could not be found)/i,
    message: 'run:ai has no such workload',
    hint: 'make status shows the trials',
  },
  {
    code: 'RUNAI_NAME_TAKEN',
    pattern: /already exists|name .*taken|AlreadyExists/i,
    message: 'a workload of that name exists already',
    hint: 'make status shows it; make job overwrite=true replaces it',
  },
  {
    code: 'RUNAI_UNKNOWN_PROJECT',
    pattern: /\bproject\b.*(not found|not exist|could not be found|unknown)|(unknown|no) project/i,
    message: 'run:ai knows no such project',
    hint: 'runai list projects shows yours; name one in runai: {project: …} of config/kube.yaml',
  },
] as const;

/** Words of a command line after which a workload's or project's name stands. */
const beforeNames = new Set(['--name', '--project', 'job', 'logs', 'exec']);

/** What run:ai says, brought to one of a few codes; its own last line is kept. */
function explainFailure(
  args: readonly string[],
  systemCode: string | undefined,
  said: string,
): DiagnosticError {
  const fail = (...rest: Parameters<typeof errorDiagnostic>) =>
    new DiagnosticError(errorDiagnostic(...rest), ExitCode.refused);
  if (systemCode === 'ENOENT') {
    return fail('RUNAI_NOT_INSTALLED', 'there is no "runai" command on PATH', {
      hint: "install your cluster's run:ai command line, then run: runai login",
    });
  }
  if (systemCode === 'E2BIG') {
    return fail('RUNAI_COMMAND_TOO_LONG', 'the command line is longer than the system takes', {
      hint: 'put the command into a script of the project',
    });
  }
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const last = lines.at(-1) ?? 'it said nothing';
  // A trial may be called exp-401, or login.
  const names = args.filter((_, index) => beforeNames.has(args[index - 1] ?? ''));
  const words = names.reduce((text, name) => text.replaceAll(name, '…'), said);
  const known = failures.find(({ pattern }) => pattern.test(words));
  if (known !== undefined) return fail(known.code, `${known.message}: ${last}`, { hint: known.hint });
  return fail('RUNAI_REFUSED', `"runai ${args[0] ?? ''}" failed: ${last}`, {
    hint: 'make dryrun prints the command line, to try by hand',
  });
}
