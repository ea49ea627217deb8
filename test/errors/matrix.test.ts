import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { formatDiagnostic } from '../../src/diagnostics/format-diagnostic.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { assemble } from '../../src/matrix/assemble.ts';
import { expand } from '../../src/matrix/expand.ts';
import { parseWhere } from '../../src/matrix/select.ts';

/** Everything the line says about a launch.yaml, as it is printed. */
function problems({ text, where, kube }: Case): string {
  const config = readConfig({
    launch: new SourceFile('config/launch.yaml', text),
    kube: kube === undefined ? undefined : new SourceFile('config/kube.yaml', kube),
    folder: 'example',
    diagnostics: [],
  });
  if (!config.ok) throw new Error(config.diagnostics.map((each) => each.message).join('\n'));
  const matrix = expand(config.value);
  const plan = matrix.ok ? assemble(config.value, matrix.value, { side: 'remote' }) : { diagnostics: [] };
  const filter = matrix.ok && where !== undefined ? parseWhere(where, matrix.value).diagnostics : [];
  return [...config.diagnostics, ...matrix.diagnostics, ...plan.diagnostics, ...filter]
    .map((each) => formatDiagnostic(each, { color: false }))
    .join('\n');
}

interface Case {
  readonly text: string;
  readonly where?: string;
  readonly kube?: string;
}

const cases: Readonly<Record<string, Case>> = {
  MATRIX_TOO_LARGE: {
    text: 'model:\n  m: {command: run, hparam: {a: [1, 2, 3], b: [1, 2]}}\nmax_trials: 5\n',
  },
  MATRIX_NOTHING_SELECTED: {
    text: 'model:\n  m: {command: run, hparam: {a: 1, b: 1}}\n  n: {command: run, hparam: {a: 2, b: 2}}\nrun: {hparam: {a: 1, b: 2}}\n',
  },
  MATRIX_SELECTED_TWICE: {
    text: 'model:\n  m: {command: run}\n  n: {command: run}\nrun:\n  - model: m\n  - model: [m, n]\n',
  },
  MATRIX_VALUE_TWICE: { text: 'model:\n  m:\n    command: run <lr>\n    hparam: {lr: [1e-5, 1, 1e-5]}\n' },
  MATRIX_KEY_TWICE: {
    text: 'model:\n  m:\n    command: run <lr>\n    hparam:\n      train: {paper: {lr: 1}}\n      lr: 2\n',
  },
  MATRIX_UNKNOWN_PLACEHOLDER: {
    text: 'model:\n  m:\n    command: >-\n      python a.py --lr <lr>\n      --hid <hdi> <lr>\n    hparam: {lr: 1, hid: 2}\n',
  },
  MATRIX_NAME_IN_PREFIX: { text: 'model:\n  m: {command: run, prefix: a-<name>}\n' },
  MATRIX_FIELD_VALUE: { text: 'model:\n  m: {command: run, hparam: {gpu_count: [1, two]}}\n' },
  MATRIX_NUL: { text: 'model:\n  m: {command: run <x>, hparam: {x: "a\\0b"}}\n' },
  MATRIX_SLEEP_INFINITY: { text: 'model:\n  m:\n    command: "[run](run; sleep   inf)"\n' },
  MATRIX_JOINED_COMMANDS: {
    text: 'model:\n  m:\n    command: >-\n      python a.py --epochs 3\n      python b.py\n',
  },
  MATRIX_UNKNOWN_FILTER: { text: 'model:\n  m: {command: "run <x|qote> <in|wc>out", hparam: {x: a b}}\n' },
  MATRIX_OPEN_BRACKET: {
    text: 'model:\n  m:\n    command: >-\n      [x](python a.py; [](y (z)\n      [[ $a =~ [a](b) ]] && \\[q](r\n',
  },
  MATRIX_KUBE_PLACEHOLDER: {
    text: 'model:\n  m: {command: run}\n',
    kube: 'project_name: p\nuser: u\nnamespace: n\nimage: a/<user>:1\nenv: {A: <other>, OUT: /data/<name>}\n',
  },
  MATRIX_EMPTY_COMMAND: { text: 'model:\n  m: {command: "[run]()"}\n' },
  MATRIX_OUTPUTS_OVERLAP: {
    text: 'model:\n  m: {command: run <lr>, hparam: {lr: [1, 2]}, outputs: out/m}\n',
  },
  MATRIX_PATH_OUTSIDE: {
    text: 'model:\n  m:\n    command: run <at>\n    hparam: {at: [a, ../.., b]}\n    data: [data/, /data/x]\n    outputs: out/<at>/<name>\n  n: {command: run, data: [data/a\\*.txt, ev\\a\\b/c]}\n',
  },
  MATRIX_WHERE_SYNTAX: { text: 'model:\n  m: {command: run, hparam: {lr: 1}}\n', where: 'lr=1 model' },
  MATRIX_WHERE_UNKNOWN: { text: 'model:\n  m: {command: run, hparam: {lr: 1}}\n', where: 'model=m rl=1' },
};

test.each(Object.entries(cases))('%s', (code, each) => {
  const printed = problems(each);
  expect(printed).toMatch(new RegExp(`^[^\\n]*(error|warning) ${code}: `));
  expect(printed).toMatchSnapshot();
});
