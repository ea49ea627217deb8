import type { Config, ModelEntry } from '../config/config.ts';
import {
  type Diagnostic,
  errorDiagnostic,
  type Location,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import { quoted } from '../diagnostics/quoted.ts';
import { chooseSide, findUnclosedSides, type SidedText, writtenOffset } from './command-language.ts';
import { commandPath } from './command-path.ts';
import type { Side } from './job-spec.ts';
import { findJoinedCommand } from './joined-commands.ts';
import { locateInScalar } from './locate-in-scalar.ts';
import { parseTemplate, type Template } from './placeholders.ts';
import { findSleepInfinity } from './sleep-infinity.ts';

/** One side of a model's command, read once for all pairs of the model. */
export interface CommandTemplate {
  readonly path: readonly string[];
  /** As the file has it. */
  readonly written: string;
  readonly template: Template;
  /** From an offset in the side's text to one in `written`. */
  readonly toWritten: (offset: number) => number;
  readonly diagnostics: readonly Diagnostic[];
}

export function compileCommand(config: Config, model: ModelEntry, side: Side): CommandTemplate {
  const written = model.command[side];
  const sided = chooseSide(written, side);
  const path = commandPath(config, model, side);
  const locate = (start: number, end: number) =>
    locateInScalar(
      config.locate('launch', path),
      written,
      writtenOffset(sided, start),
      writtenOffset(sided, end - 1) + 1,
    );
  return {
    path,
    written,
    template: parseTemplate(sided.text),
    toWritten: (offset) => writtenOffset(sided, offset),
    diagnostics: [
      ...checkBrackets(config, model, written, path),
      ...checkCommand(model, side, sided, locate),
    ],
  };
}

type LocateRange = (start: number, end: number) => Location | undefined;

function checkCommand(
  model: ModelEntry,
  side: Side,
  { text }: SidedText,
  locate: LocateRange,
): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const nul = text.indexOf('\0');
  if (nul !== -1)
    diagnostics.push(
      errorDiagnostic(
        'MATRIX_NUL',
        `the command of model ${quoted(model.name)} contains a NUL byte, which bash cannot read`,
        {
          location: locate(nul, nul + 1),
          hint: 'take \\0 out of the text',
        },
      ),
    );
  diagnostics.push(...checkFilters(model, text, locate));
  const sleep = side === 'remote' ? findSleepInfinity(text) : undefined;
  if (sleep !== undefined)
    diagnostics.push(
      sleepInfinity(model, text.slice(sleep.start, sleep.end), locate(sleep.start, sleep.end)),
    );
  const joined = findJoinedCommand(text, ({ start, text: word }) =>
    startsLine(locate(start, start + word.length), word),
  );
  if (joined !== undefined)
    diagnostics.push(
      warningDiagnostic(
        'MATRIX_JOINED_COMMANDS',
        `the command of model ${quoted(model.name)} runs on into another: nothing separates ${quoted(text.slice(joined.start, joined.end))} from what is before it`,
        {
          location: locate(joined.start, joined.end),
          hint: 'end the first command with ";" or "&&", or write "command: |", which keeps line breaks',
        },
      ),
    );
  return diagnostics;
}

/** Left as it stands, bash would complain of its `(`, in a job hours later. */
function checkBrackets(
  config: Config,
  model: ModelEntry,
  written: string,
  path: readonly string[],
): readonly Diagnostic[] {
  return findUnclosedSides(written)
    .slice(0, mostWarnings)
    .map((close) =>
      warningDiagnostic(
        'MATRIX_OPEN_BRACKET',
        `the command of model ${quoted(model.name)} is left as it stands here: the "(" of this "[local](remote)" is never closed`,
        {
          location: locateInScalar(config.locate('launch', path), written, close, close + 2),
          hint: 'add ")" after what a remote run is to do, or write "\\[" for a bracket of the shell',
        },
      ),
    );
}

/** `<lr|qote>` stays as it is, and bash reads it as two redirections, which `<in|wc>out` is meant to be. */
function checkFilters(model: ModelEntry, text: string, locate: LocateRange): readonly Diagnostic[] {
  return [...text.matchAll(/(?<![<\\])<[\p{L}_][\p{L}\p{N}_.-]*\|(\w+)>/gu)]
    .filter(([, filter = '']) => filter !== 'quote' && nearestName(filter, ['quote']) !== undefined)
    .slice(0, mostWarnings)
    .map(({ 0: all, 1: filter = '', index }) =>
      warningDiagnostic(
        'MATRIX_UNKNOWN_FILTER',
        `${quoted(all)} in the command of model ${quoted(model.name)} is left as it stands: there is no filter ${quoted(filter)}`,
        {
          location: locate(index, index + all.length),
          hint: 'did you mean "|quote"?',
        },
      ),
    );
}

/** Each takes a look at the whole text. */
const mostWarnings = 20;

export function sleepInfinity(
  model: ModelEntry,
  spelling: string,
  location: Location | undefined,
): Diagnostic {
  return errorDiagnostic(
    'MATRIX_SLEEP_INFINITY',
    `the command of model ${quoted(model.name)} would hold its resources for ever: ${spelling.replace(/\s+/g, ' ')}`,
    { location, hint: 'take it out; for a pod to work in, type: make pod' },
  );
}

/** Whether the word is the first of its line in the file, so that only folding has put it behind another. */
function startsLine(location: Location | undefined, word: string): boolean {
  if (location === undefined || location.length !== word.length) return false;
  const before = location.file.text.slice(0, location.offset);
  return /\n[ \t]*$/.test(before.slice(-200));
}
