import type { Command } from './cli/command.ts';
import type { CommandEntry } from './cli/command-entry.ts';
import { parseArguments } from './cli/parse-arguments.ts';
import { commands, findCommand } from './cli/registry.ts';
import { type Context, SignalReceived } from './context.ts';
import { DiagnosticError, errorDiagnostic } from './diagnostics/diagnostic.ts';
import { ExitCode } from './exit-code.ts';

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export async function main(argv: readonly string[], context: Context): Promise<ExitCode> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    return await explain(error, argv, context);
  }
}

async function dispatch(argv: readonly string[], context: Context): Promise<ExitCode> {
  const [name, ...words] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const { formatOverview } = await import('./cli/help.ts');
    context.stdout.write(formatOverview());
    return ExitCode.ok;
  }
  if (name === '--version' || name === 'version') {
    const { version } = await import('./version.ts');
    context.stdout.write(`kube-toolbox ${version}\n`);
    return ExitCode.ok;
  }
  const entry = findCommand(name) ?? (await refuseUnknown(name));
  return await runCommand(entry, await entry.load(), words, context);
}

async function runCommand(
  entry: CommandEntry,
  command: Command,
  words: readonly string[],
  context: Context,
): Promise<ExitCode> {
  const { options, diagnostics } = parseArguments(words, command.flags);
  if (options['help'] === true) {
    const { formatCommandHelp } = await import('./cli/help.ts');
    context.stdout.write(formatCommandHelp(entry, command));
    return ExitCode.ok;
  }
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics, ExitCode.usage);
  return await command.run(options as never, context);
}

async function refuseUnknown(name: string): Promise<never> {
  const { nearestName } = await import('./diagnostics/nearest-name.ts');
  const near = nearestName(
    name,
    commands.flatMap((entry) => [entry.name, ...(entry.aliases ?? [])]),
  );
  const hint = near === undefined ? 'ktb --help lists the commands' : `did you mean "${near}"?`;
  throw new DiagnosticError(
    errorDiagnostic('CLI_UNKNOWN_COMMAND', `there is no command "${name}"`, { hint }),
    ExitCode.usage,
  );
}

/** Turns whatever ended a command into words and an exit code. */
async function explain(error: unknown, argv: readonly string[], context: Context): Promise<ExitCode> {
  if (error instanceof SignalReceived || (context.signal.aborted && isAbort(error)))
    return ExitCode.interrupted;
  const { reportDiagnostics } = await import('./cli/report-diagnostics.ts');
  const verbose = argv.some((word) => /^(--)?verbose(=true)?$/.test(word));
  const json = argv.some((word) => /^(--)?json(=true)?$/.test(word));
  if (error instanceof DiagnosticError) {
    reportDiagnostics(error.diagnostics, context, { json, verbose });
    return error.exitCode;
  }
  const { explainSystemError } = await import('./cli/explain-system-error.ts');
  const refusal = explainSystemError(error, context.cwd);
  if (refusal !== undefined) {
    reportDiagnostics([refusal], context, { json, verbose });
    return ExitCode.refused;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const bug = errorDiagnostic('INTERNAL', `this is a bug in the toolbox: ${stack}`, {
    hint: 'please report it with the lines above',
  });
  reportDiagnostics([bug], context, { json, verbose });
  return ExitCode.internal;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
