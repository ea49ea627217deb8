import { createInterface } from 'node:readline/promises';
import type { Context } from '../context.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';

/** Whether there is somebody to ask: both ends are a terminal. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY === true && context.stderr.isTTY === true;
}

/**
 * Asks for one line on the terminal; blanks around it are removed. An end of input is an empty answer.
 *
 * @throws the signal's reason when it is aborted while waiting
 */
export async function ask(question: string, context: Context): Promise<string> {
  const lines = createInterface({ input: context.stdin, output: context.stderr, terminal: false });
  try {
    context.stderr.write(question);
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answered = lines.question('', { signal: context.signal });
    return (await Promise.race([answered, closed])).trim();
  } catch (error) {
    context.signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}

/**
 * Asks whether to go on with something that cannot be undone. Only `y` and `yes` mean yes.
 *
 * @throws DiagnosticError (exit 2) where there is nobody to ask and `yes=true` was not given
 */
export async function confirm(
  question: string,
  options: { readonly yes: boolean },
  context: Context,
): Promise<boolean> {
  if (options.yes) return true;
  if (!canAsk(context)) {
    const diagnostic = errorDiagnostic('CLI_CANNOT_ASK', `there is no terminal to ask: ${question}`, {
      hint: 'add yes=true to go on without being asked',
    });
    throw new DiagnosticError(diagnostic, ExitCode.usage);
  }
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, context));
}

/** The value of a flag that is asked for where it was left out. */
export async function valueOrAsk(
  value: string | undefined,
  flag: string,
  question: string,
  context: Context,
): Promise<string> {
  if (value !== undefined) return value;
  const answer = canAsk(context) ? await ask(question, context) : '';
  if (answer !== '') return answer;
  throw new DiagnosticError(
    errorDiagnostic('CLI_MISSING_VALUE', `"${flag}" is missing`, {
      hint: `add ${flag}=PATH, as in ${flag}=data/`,
    }),
    ExitCode.usage,
  );
}
