import { findCommand } from './cli/registry.ts';
import type { Context } from './context.ts';
import { ExitCode } from './exit-code.ts';

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export async function main(argv: readonly string[], context: Context): Promise<ExitCode> {
  const entry = findCommand(argv[0] ?? '');
  if (entry === undefined) {
    context.stderr.write('usage: ktb COMMAND\n');
    return ExitCode.usage;
  }
  const command = await entry.load();
  return command.run({} as never, context);
}
