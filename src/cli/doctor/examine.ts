import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { type Check, type Finding, problem } from './check.ts';
import { topics } from './checks.ts';

/** Runs every check, one after another, and goes on after one that breaks. */
export async function* examine(context: Context): AsyncGenerator<{ check: Check; finding: Finding }> {
  for (const load of topics) {
    for (const check of await load()) {
      context.signal.throwIfAborted();
      for (const finding of await runCheck(check, context)) yield { check, finding };
    }
  }
}

async function runCheck(check: Check, context: Context): Promise<readonly Finding[]> {
  try {
    return await check.run(context);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return error.diagnostics.map(({ message, hint }) => problem(message, hint ?? 'see docs/errors.md'));
  }
}
