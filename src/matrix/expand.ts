import type { Config } from '../config/config.ts';
import { inFileOrder } from '../config/in-file-order.ts';
import {
  type Checked,
  type Diagnostic,
  errorDiagnostic,
  type Location,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { type Pair, Pairs } from './axes.ts';
import { Boxes, makePointFilter } from './box.ts';
import { countEverything, countTrials, formatCount } from './count.ts';
import { ExpandedMatrix } from './expanded-matrix.ts';
import { type Census, countNames, withoutCounting } from './name-census.ts';
import { PairNames } from './pair-names.ts';
import { type ResolvedSelection, resolveSelection } from './selection.ts';

/** Up to this many trials in the whole file, selected or not, are looked at to keep their names apart. */
const censusLimit = 100_000;

/** How many times the limit the entries of `run` may come to before what they repeat is taken off. */
const toleratedRepetition = 4;

/**
 * All trials that `run` selects, in the order of the spec: for each entry of `run`, datasets outer, models
 * inner, then the product of the axes with the last one varying fastest. What an earlier entry has selected
 * already is left out with a warning. Refused by count above `config.maxTrials`, before anything is built.
 */
export function expand(config: Config): Checked<ExpandedMatrix> {
  const selections = config.run.map((selection, index) => resolveSelection(config, selection, index));
  const tooMany = refuseByCount(config, selections);
  if (tooMany !== undefined) return { ok: false, diagnostics: [tooMany] };

  const pairs = new Pairs();
  const names = new PairNames(config);
  const boxes = new Boxes();
  const found: Diagnostic[] = [];
  for (const selection of selections) {
    const keep = makePointFilter(selection.written.hparam);
    let selected = 0;
    let repeated = 0;
    for (const dataset of selection.datasets) {
      for (const model of selection.models) {
        const pair = pairs.of(model, dataset);
        const added = boxes.add(names.of(pair), pair.axes.map(keep));
        selected += added.size;
        repeated += added.repeated;
      }
    }
    if (selected === 0) found.push(selectsNothing(config, selection));
    else if (repeated > 0) found.push(selectsAgain(config, selection, selected, repeated));
  }
  if (boxes.length > config.maxTrials)
    return { ok: false, diagnostics: [tooLarge(config, formatCount(boxes.length))] };
  found.push(...names.diagnostics, ...checkAxes(config, boxes));
  const diagnostics = inFileOrder(found, filesOf(config));
  if (diagnostics.some((each) => each.severity === 'error')) return { ok: false, diagnostics };
  const census = takeCensus(config, pairs, names);
  return { ok: true, value: new ExpandedMatrix(boxes.boxes, boxes.length, census), diagnostics };
}

/** The files that diagnostics of the matrix point into. */
export function filesOf(config: Config): readonly (SourceFile | undefined)[] {
  return [config.locate('launch', [])?.file, config.locate('kube', [])?.file];
}

function takeCensus(config: Config, pairs: Pairs, names: PairNames): Census {
  const { trials, exact } = countEverything(config, censusLimit);
  if (!exact || trials > BigInt(censusLimit)) return withoutCounting();
  const everything = config.datasets.flatMap((dataset) =>
    config.models.map((model) => names.of(pairs.of(model, dataset))),
  );
  return countNames(everything);
}

function refuseByCount(config: Config, selections: readonly ResolvedSelection[]): Diagnostic | undefined {
  const { trials, exact } = countTrials(selections, config.maxTrials);
  // Entries of `run` may repeat each other: then the trials that are left have to be seen to be counted.
  const tolerated = config.maxTrials * (selections.length > 1 && exact ? toleratedRepetition : 1);
  if (trials <= BigInt(tolerated)) return undefined;
  return tooLarge(config, `${exact ? '' : 'at least '}${formatCount(trials)}`);
}

function tooLarge(config: Config, many: string): Diagnostic {
  return errorDiagnostic(
    'MATRIX_TOO_LARGE',
    `the matrix has ${many} trials, and the limit is ${formatCount(config.maxTrials)}`,
    {
      location: keyOf(config, 'run') ?? keyOf(config, 'model'),
      hint: 'select fewer with "run", or raise "max_trials" in config/launch.yaml',
    },
  );
}

/** The place of a key at the root of `launch.yaml`, if it is there. */
function keyOf(config: Config, key: string): Location | undefined {
  const location = config.locate('launch', [key], 'key');
  return location?.length === config.locate('launch', [])?.length ? undefined : location;
}

function selectsNothing(config: Config, { written, index, ...found }: ResolvedSelection): Diagnostic {
  const none: string[] = [];
  if (found.models.length === 0) none.push('no model');
  if (found.datasets.length === 0) none.push('no dataset');
  if (none.length === 0) {
    const asked = [...(written.hparam ?? [])].map(([key, texts]) => `${key}: ${[...texts].join(' or ')}`);
    none.push(`no model on a dataset with ${asked.join(' and ')}`);
  }
  return errorDiagnostic('MATRIX_NOTHING_SELECTED', `"run" selects no trial: ${none.join(' and ')}`, {
    location: config.locate('launch', runPath(config, index)),
    hint: 'see what there is with: make plan, after taking "run" out of config/launch.yaml',
  });
}

function selectsAgain(
  config: Config,
  selection: ResolvedSelection,
  all: number,
  repeated: number,
): Diagnostic {
  const what = repeated === all ? 'all of its' : `${formatCount(repeated)} of its ${formatCount(all)}`;
  return warningDiagnostic(
    'MATRIX_SELECTED_TWICE',
    `entry ${selection.index + 1} of "run" repeats ${what} trials from earlier entries; each runs once`,
    { location: config.locate('launch', runPath(config, selection.index)) },
  );
}

/** `run` is a mapping or a list of them in the file; its entry's place is the mapping's either way. */
function runPath(config: Config, index: number): readonly (string | number)[] {
  return config.run.length === 1 ? ['run'] : ['run', index];
}

/** Values written twice on one axis, and names that two axes of a pair would give. */
function checkAxes(config: Config, boxes: Boxes): readonly Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const seen = new Set<Pair>();
  for (const { pair } of boxes.boxes) {
    if (seen.has(pair)) continue;
    seen.add(pair);
    const owners = new Map<string, readonly string[]>();
    for (const axis of pair.axes) {
      const location = config.locate('launch', axis.path);
      for (const label of axis.repeated) {
        found.set(
          `${axis.path.join('\0')}\0${label}`,
          warningDiagnostic(
            'MATRIX_VALUE_TWICE',
            `${quoted(axis.key)} lists ${label} more than once; it runs once`,
            { location },
          ),
        );
      }
      for (const key of axis.keys) {
        const other = owners.get(key);
        if (other === undefined) owners.set(key, axis.path);
        else
          found.set(
            `${axis.path.join('\0')}\0${other.join('\0')}\0${key}`,
            errorDiagnostic(
              'MATRIX_KEY_TWICE',
              `both ${quoted(other.join('.'))} and ${quoted(axis.path.join('.'))} set <${key}>`,
              {
                location,
                hint: 'rename one of them, or take the key out of the groups',
              },
            ),
          );
      }
    }
  }
  return [...found.values()];
}
