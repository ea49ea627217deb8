import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import type { Flag, Flags } from './command.ts';

/** Flags that every command takes. */
export const commonFlags = {
  json: { kind: 'boolean', summary: 'print one JSON object a line' },
  verbose: { kind: 'boolean', summary: 'print the causes of errors too' },
  help: { kind: 'boolean', summary: 'print this help' },
} as const satisfies Flags;

export type OptionValue = string | number | boolean | readonly string[] | undefined;

export interface ParsedArguments {
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the words after the command's name. `--name=value`, `--name value` and `name=value` are the same, and so
 * are `-` and `_` in a flag's name, because `make` variables cannot hold a dash. A flag given twice keeps
 * the last value, a `list` keeps all. An empty value is an error and never "not given": an unset shell variable
 * must not turn `delete name=$X` into "delete everything".
 */
export function parseArguments(words: readonly string[], flags: Flags): ParsedArguments {
  const table: Flags = { ...flags, ...commonFlags };
  const options: Record<string, OptionValue> = {};
  const diagnostics: Diagnostic[] = [];
  for (const [name, flag] of Object.entries(table)) {
    options[name] = flag.kind === 'boolean' ? false : flag.kind === 'list' ? [] : undefined;
  }

  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const match = /^(--)?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word);
    const dashed = match?.[1] !== undefined;
    const written = match?.[2] ?? word;
    let text = match?.[3];
    if (match === null || (!dashed && text === undefined)) {
      diagnostics.push(
        errorDiagnostic('CLI_UNEXPECTED_WORD', `unexpected word "${word}"`, {
          hint: hintForWord(word, table),
        }),
      );
      continue;
    }
    const name = written.replaceAll('-', '_');
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (flag === undefined) {
      const near = nearestName(name, Object.keys(table));
      const hint =
        near === undefined ? `it takes ${Object.keys(table).join(', ')}` : `did you mean "${near}"?`;
      diagnostics.push(errorDiagnostic('CLI_UNKNOWN_FLAG', `unknown flag "${written}"`, { hint }));
      continue;
    }
    const next = words[index + 1];
    if (text === undefined && takesNextWord(flag) && next !== undefined && !next.startsWith('--')) {
      text = next;
      index++;
    }
    const value = parseValue(flag, name, text);
    if (typeof value === 'object') diagnostics.push(value);
    else
      options[name] =
        flag.kind === 'list' ? [...((options[name] as string[] | undefined) ?? []), String(value)] : value;
  }

  for (const [name, flag] of Object.entries(flags)) {
    if (flag.required === true && options[name] === undefined && options['help'] !== true) {
      const hint = `add ${name}=${flag.value ?? 'VALUE'}`;
      diagnostics.push(
        errorDiagnostic('CLI_MISSING_VALUE', `"${name}" is missing: ${flag.summary}`, { hint }),
      );
    }
  }
  return { options, diagnostics };
}

/** `--overwrite` alone is `overwrite=true`, so a choice that has `true` takes no following word. */
function takesNextWord(flag: Flag): boolean {
  return flag.kind !== 'boolean' && !(flag.kind === 'choice' && flag.choices?.includes('true') === true);
}

function parseValue(
  flag: Flag,
  name: string,
  text: string | undefined,
): string | number | boolean | Diagnostic {
  const bad = (what: string, hint: string) => errorDiagnostic('CLI_BAD_VALUE', what, { hint });
  if (flag.kind === 'boolean') {
    if (text === undefined || /^(true|yes|on|1)$/i.test(text)) return true;
    if (/^(false|no|off|0)$/i.test(text)) return false;
    return bad(`"${name}" is true or false, not "${text}"`, `write ${name}=true`);
  }
  if (text === undefined) {
    if (flag.choices?.includes('true') === true) return 'true';
    return errorDiagnostic('CLI_MISSING_VALUE', `"${name}" needs a value`, {
      hint: `write ${name}=${flag.value ?? 'VALUE'}`,
    });
  }
  if (text === '') return bad(`"${name}" is empty`, `leave ${name} out, or give it a value`);
  if (flag.kind === 'count') {
    const { minimum = 0, maximum } = flag;
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= minimum && !(number > (maximum ?? number))) return number;
    const from = minimum > 0 || maximum !== undefined ? ` from ${minimum}` : '';
    const to = maximum === undefined ? '' : ` to ${maximum}`;
    return bad(`"${name}" is a whole number${from}${to}, not "${text}"`, `write for example ${name}=4`);
  }
  if (flag.kind === 'choice' && flag.choices?.includes(text) !== true) {
    const choices = flag.choices ?? [];
    const near = nearestName(text, choices);
    return bad(
      `"${name}" cannot be "${text}"`,
      near === undefined ? `it is one of ${choices.join(', ')}` : `did you mean "${near}"?`,
    );
  }
  return text;
}

function hintForWord(word: string, table: Flags): string {
  const values = Object.keys(table).filter((name) => table[name]?.kind !== 'boolean');
  const name = values[0];
  return name === undefined ? 'this command takes flags only' : `to give a value, write ${name}=${word}`;
}
