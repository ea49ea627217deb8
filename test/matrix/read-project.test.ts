import { expect, it } from 'vitest';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { readProject } from '../../src/matrix/read-project.ts';

function codesOf(launch: string, kube?: string): string[] {
  const { diagnostics } = readProject({
    launch: new SourceFile('config/launch.yaml', launch),
    kube: kube === undefined ? undefined : new SourceFile('config/kube.yaml', kube),
    folder: 'project',
    diagnostics: [],
  });
  return diagnostics.map(({ code, location }) => `${code} ${location?.file.position(location.offset).line}`);
}

it('tells problems of the text and of the matrix together, in file order', () => {
  const launch = `model:
  a:
    command: python a.py <lrr>
    gpu_cont: 1
    hparam: {lr: 1}
  b:
    command: sleep infinity
    memory: lots
  c:
    command: python c.py <fn> <hid>
    hparam: {hid: [[1]]}
dataset:
  d: {hparam: {fn: x}}
`;
  expect(codesOf(launch, 'user: jdoe\nproject_name: p\nnamespce: lab\n')).toEqual([
    'MATRIX_UNKNOWN_PLACEHOLDER 3',
    'CONFIG_UNKNOWN_KEY 4',
    'MATRIX_SLEEP_INFINITY 7',
    'CONFIG_WRONG_TYPE 8',
    'CONFIG_WRONG_TYPE 11',
    'CONFIG_UNKNOWN_KEY 3',
  ]);
});

it('says nothing that follows from what is wrong already', () => {
  const dataset = 'dataset: {d: {hparm: {fn: x}}}\n';
  expect(codesOf(`model: {a: {command: run <fn>}}\n${dataset}`)).toEqual(['CONFIG_UNKNOWN_KEY 2']);
  expect(codesOf('model: {a: {command: run <lr>, hparm: {lr: 1}}}\n')).toEqual(['CONFIG_UNKNOWN_KEY 1']);
  expect(codesOf('modle: {a: {command: run <lr>}}\n')).toEqual(['CONFIG_UNKNOWN_KEY 1']);
  const run = 'run: {modle: a}\n';
  expect(codesOf(`model: {a: {command: run}, b: {command: run <lr>}}\n${run}`)).toEqual([
    'CONFIG_UNKNOWN_KEY 2',
  ]);
});
