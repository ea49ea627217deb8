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

export function createRunaiCli(env: Readonly<Record<string, string | undefined>>, cwd: string): RunaiCli {
  const start = (args: readonly string[], signal: AbortSignal) =>
    execa('runai', args, {
      cwd,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      cancelSignal: signal,
      stripFinalNewline: false,
    });
  return {
    async run(args, signal) {
      const result = await start(args, signal);
      signal.throwIfAborted();
      if (result.failed) throw explainFailure(args, result.code, result.stderr || result.stdout);
      return result.stdout;
    },
    async *stream(args, signal) {
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
      yield* running.stdout as AsyncIterable<Uint8Array>;
      const result = await running;
      if (result.failed && !signal.aborted) {
        throw explainFailure(args, result.code, Buffer.from(result.stderr).toString('utf8'));
      }
    },
  };
}

/** What run:ai says on standard error, brought to one of a few codes; its own last line is kept. */
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
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const last = lines.at(-1) ?? 'it said nothing';
  if (/log ?in|unauthori[sz]ed|token .*expired|expired .*token|401/i.test(said)) {
    return fail('RUNAI_LOGIN_EXPIRED', `run:ai does not know you any more: ${last}`, {
      hint: 'run: runai login',
    });
  }
  if (/already exists|name .*taken|AlreadyExists/i.test(said)) {
    return fail('RUNAI_NAME_TAKEN', `a workload of that name exists already: ${last}`, {
      hint: 'make status shows it; make job overwrite=true replaces it',
    });
  }
  if (
    /project .*(not found|does not exist|could not be found|unknown|not exist)|unknown project|no project/i.test(
      said,
    )
  ) {
    return fail('RUNAI_UNKNOWN_PROJECT', `run:ai knows no such project: ${last}`, {
      hint: 'runai list projects shows yours; name one in runai: {project: …} of config/kube.yaml',
    });
  }
  return fail('RUNAI_REFUSED', `"runai ${args[0] ?? ''}" failed: ${last}`, {
    hint: 'make dryrun prints the command line, to try by hand',
  });
}
