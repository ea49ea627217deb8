import { describe, expect, test } from 'vitest';
import { chooseSide } from '../../src/matrix/command-language.ts';
import { findJoinedCommand } from '../../src/matrix/joined-commands.ts';
import { parseTemplate } from '../../src/matrix/placeholders.ts';
import { findSleepInfinity } from '../../src/matrix/sleep-infinity.ts';

const dollar = '$';

describe('[local](remote)', () => {
  test.each([
    ['[](make download;) run', ' run', 'make download; run'],
    ['[a](b)', 'a', 'b'],
    ['[a]()', 'a', ''],
    ['[]()', '', ''],
    ['[a\nb](c\nd)', 'a\nb', 'c\nd'],
    ['[x[0]](f(g(1)))', 'x[0]', 'f(g(1))'],
    ['[a [b](c) d](e [f](g) h)', 'a b d', 'e g h'],
    ['arr[0] and [ -f x ] && y', 'arr[0] and [ -f x ] && y', 'arr[0] and [ -f x ] && y'],
    ['[ -f x ] && [a](b)', '[ -f x ] && a', '[ -f x ] && b'],
    ['[ [a](b) ]', '[ a ]', '[ b ]'],
    ['[a] (b)', '[a] (b)', '[a] (b)'],
    ['\\[a](b)', '[a](b)', '[a](b)'],
    ['\\\\[a](b)', '\\[a](b)', '\\[a](b)'],
    ['[a \\] b](c)', 'a ] b', 'c'],
    ['[a](b \\) c)', 'a', 'b \\) c'],
    ['[a](b', '[a](b', '[a](b'],
    ['[a', '[a', '[a'],
    ['a](b)', 'a](b)', 'a](b)'],
    ['[a [b](c](d)', 'a [b](c', 'd'],
    ['[a](b)(c)', 'a(c)', 'b(c)'],
  ])('%j', (written, local, remote) => {
    expect(chooseSide(written, 'local').text).toBe(local);
    expect(chooseSide(written, 'remote').text).toBe(remote);
  });

  test('100,000 unbalanced brackets take no time', () => {
    const written = '['.repeat(50_000) + '('.repeat(50_000);
    expect(chooseSide(written, 'local').text).toBe(written);
  });

  test('sugar 20,000 deep', () => {
    expect(chooseSide(`${'['.repeat(20_000)}x${'](y)'.repeat(20_000)}`, 'local').text).toBe('x');
  });
});

describe('## comments ##', () => {
  test.each([
    ['a ## note ## b', 'a  b'],
    ['a ## one #### two ## b', 'a  b'],
    ['## a\nb ##c', 'c'],
    ['### heading ###', ''],
    ['## [x](y ##z', 'z'],
    ['a ## b', 'a ## b'],
    ['a # b', 'a # b'],
    [`${dollar}{x##*/} ${dollar}{y##*/}`, `${dollar}{x##*/} ${dollar}{y##*/}`],
    [`## c ## ${dollar}{x##*/}`, ` ${dollar}{x##*/}`],
    ['a \\## b ##', 'a \\## b ##'],
  ])('%j', (written, text) => {
    expect(chooseSide(written, 'local').text).toBe(text);
  });
});

describe('placeholders', () => {
  test.each([
    ['<lr>', ['<lr>']],
    ['--lr=<lr|quote> <_a-b.c1>', ['--lr=', '<lr|quote>', ' ', '<_a-b.c1>']],
    ['<größe>', ['<größe>']],
    ['a < file > out', ['a < file > out']],
    ['diff <(a) <(b)', ['diff <(a) <(b)']],
    ['cat <<EOF>out', ['cat <<EOF>out']],
    ['cat <<<x>y', ['cat <<<x>y']],
    ['<1> <-a> <a b> <>', ['<1> <-a> <a b> <>']],
    ['<a|sort>', ['<a|sort>']],
    ['\\<lr> <lr>', ['<lr> ', '<lr>']],
    ['\\\\<lr>', ['\\<lr>']],
    ['', ['']],
  ])('%j', (text, expected) => {
    const parts = parseTemplate(text).map((part) =>
      typeof part === 'string' ? part : text.slice(part.start, part.end),
    );
    expect(parts).toEqual(expected);
  });
});

describe('sleep infinity', () => {
  test.each([
    'sleep infinity',
    'sleep inf',
    'a; sleep   infinity && b',
    'sleep INFINITY',
    '/bin/sleep "infinity"',
    "sleep 'inf'",
    'sleep \\\n  infinity',
    'sleep 5 infinity',
    'sleep 1.5h inf',
    'sleep +inf',
    '$(sleep infinity)',
  ])('is seen in %j', (text) => {
    expect(findSleepInfinity(text)).toBeDefined();
  });
  test.each([
    'sleep 5',
    'sleep info',
    'asleep infinity',
    'sleep-infinity',
    'sleep 5; echo infinity',
    'sleep inf.py',
  ])('is not seen in %j', (text) => {
    expect(findSleepInfinity(text)).toBeUndefined();
  });
});

describe('two commands on a line', () => {
  const never = () => false;
  test.each([
    'python a.py python b.py',
    'python3 -u a.py --x 1 python3 b.py',
    'X=1 python a.py <lr> python -m b',
    'python -m a python b.py',
    'make download file=data/ python a.py',
    'cd src python a.py',
  ])('%j', (text) => {
    const found = findJoinedCommand(text, never);
    expect(text.slice(found?.start, found?.end)).toMatch(/^python/);
  });
  test.each([
    'python run.py --cmd python',
    'python run.py --cmd python b.py',
    'python a.py; python b.py',
    'python a.py && python b.py',
    'python a.py | python b.py',
    'python a.py\npython b.py',
    'torchrun --nproc 4 python a.py',
    'nohup python a.py',
    'srun python a.py',
    'bash run.sh python a.py',
    'python a.py "python b.py"',
    'python -c "import a" data/python.txt',
    'cd src && python a.py',
    'pip install python',
  ])('not in %j', (text) => {
    expect(findJoinedCommand(text, never)).toBeUndefined();
  });
  test('a line of the file that begins with a command, folded behind another', () => {
    const text = 'python train.py --epochs 3 torchrun eval.py';
    expect(findJoinedCommand(text, never)).toMatchObject({ start: 27 });
    expect(findJoinedCommand('cd src make all', ({ text: word }) => word === 'make')).toMatchObject({
      start: 7,
    });
    expect(findJoinedCommand('srun -n 4 python train.py', () => true)).toBeUndefined();
  });
});
