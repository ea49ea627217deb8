import type { Config } from '../config/config.ts';
import { type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { nearestName } from '../diagnostics/nearest-name.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { Pair } from './axes.ts';
import { locateInScalar } from './locate-in-scalar.ts';
import type { Slot } from './placeholders.ts';
import { namesIn } from './scope.ts';

/** A text of `launch.yaml` that may hold placeholders, with the way back to where it was written. */
export interface WrittenText {
  readonly path: readonly (string | number)[];
  /** The value as the file has it. */
  readonly value: string;
  /** From an offset in the text that was parsed to one in `value`; absent: the same. */
  readonly toValue?: (offset: number) => number;
}

/** The complaint about a placeholder that nothing in the pair gives a value to. */
export function unknownPlaceholder(config: Config, pair: Pair, text: WrittenText, slot: Slot): Diagnostic {
  const toValue = text.toValue ?? ((offset: number) => offset);
  const start = toValue(slot.start);
  const end = toValue(slot.end - 1) + 1;
  const location = locateInScalar(config.locate('launch', text.path), text.value, start, end);
  const where =
    pair.dataset.name === ''
      ? `model ${quoted(pair.model.name)}`
      : `model ${quoted(pair.model.name)} on dataset ${quoted(pair.dataset.name)}`;
  if (slot.name === 'user')
    return errorDiagnostic('MATRIX_UNKNOWN_PLACEHOLDER', `<user> has no value: no user is set`, {
      location,
      hint: 'set "user" in config/kube.yaml',
    });
  const names = namesIn(pair);
  const near = nearestName(slot.name.replace(/^_/, ''), names);
  const some = names.slice(0, 12).map((name) => `<${name}>`);
  const hint =
    near === undefined
      ? `there are ${some.join(', ')}${names.length > 12 ? ', …' : ''}; for the shell's own "<", write "< ${slot.name}" or "\\<"`
      : `did you mean <${near}>?`;
  return errorDiagnostic('MATRIX_UNKNOWN_PLACEHOLDER', `unknown placeholder <${slot.name}> in ${where}`, {
    location,
    hint,
  });
}
