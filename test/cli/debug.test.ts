import { parse } from 'jsonc-parser';
import { describe, expect, test } from 'vitest';
import { debugEntry } from '../../src/cli/debug/debug-entry.ts';
import { mergeLaunchJson } from '../../src/cli/debug/launch-json.ts';

describe('debugEntry', () => {
  test.each([
    ['python src/a.py --lr 0.1', { program: '${workspaceFolder}/src/a.py', args: ['--lr', '0.1'] }],
    ['  python3 -u -m pkg.train "two words"', { module: 'pkg.train', args: ['two words'] }],
    [
      'A=1 B="x y" uv run python /opt/a.py',
      { program: '/opt/a.py', args: [], env: { A: '1', B: 'x y', C: '3' } },
    ],
    [
      'torchrun --nproc-per-node 2 a.py',
      { module: 'torch.distributed.run', args: ['--nproc-per-node', '2', 'a.py'] },
    ],
    ['uv run a.py --lr 1', { program: '${workspaceFolder}/a.py', args: ['--lr', '1'] }],
    ['python a.py \\\n  --lr 1', { args: ['--lr', '1'] }],
    ['python a.py $HOME', { args: ['${env:HOME}'] }],
  ])('%s', (command, expected) => {
    expect(debugEntry('t', command, { C: '3' })).toMatchObject(expected);
  });

  test.each([
    'python a.py; python b.py',
    'make all',
    'python -c "print(1)"',
    'python a.py > log',
    'cd x && python a.py',
    'python a.py\npython b.py',
    'python a.py `date`',
    'python ~/a.py',
    '',
  ])('no debugger starts %j', (command) => {
    expect(debugEntry('t', command, {})).toBeUndefined();
  });
});

describe('mergeLaunchJson', () => {
  const entry = (name: string) => {
    const made = debugEntry(name, 'python a.py', {});
    if (made === undefined) throw new Error('no entry');
    return made;
  };
  const names = (text: string) =>
    (parse(text) as { configurations: { name: string }[] }).configurations.map(({ name }) => name);

  test('a new file', () => {
    expect(names(mergeLaunchJson(undefined, [entry('one'), entry('two')]))).toEqual([
      'toolbox: one',
      'toolbox: two',
    ]);
  });

  test('own entries and comments of the user stay, ours are replaced', () => {
    const before = `{
  // mine
  "configurations": [
    {"name": "toolbox: old", "type": "debugpy"},
    {"name": "attach", "type": "node"}, // keep
  ],
}
`;
    const after = mergeLaunchJson(before, [entry('new')]);
    expect(names(after)).toEqual(['attach', 'toolbox: new']);
    expect(after).toContain('// mine');
    expect(after).toContain('// keep');
    expect(names(mergeLaunchJson(after, [entry('new')]))).toEqual(['attach', 'toolbox: new']);
  });

  test('a broken file is left alone, with the place of the error', () => {
    expect(() => mergeLaunchJson('{"configurations": [', [])).toThrow(/not JSON/);
  });
});
