import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDotEnv } from '../../src/config/dotenv.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

function parse(text: string) {
  const { dotenv, diagnostics } = parseDotEnv(new SourceFile('.env', text, { secret: true }));
  return {
    variables: Object.fromEntries(dotenv.variables),
    problems: diagnostics.map(({ message, location }) => {
      const at = location?.file.position(location.offset);
      return `${at?.line}:${at?.column} ${message}`;
    }),
  };
}

describe('the grammar of .env', () => {
  it.each([
    ['A=1', '1'],
    ['A=', ''],
    ['A', undefined],
    ['  A = 1  ', '1'],
    ['\tA\t=\t1\t', '1'],
    ['export A=1', '1'],
    ['export\tA=1', '1'],
    ['export=1', undefined],
    ['A=1 # one', '1'],
    ['A=1#one', '1#one'],
    ['A= # nothing', ''],
    ['A=#nothing', ''],
    ['A=a b  c', 'a b  c'],
    ['A=a=b', 'a=b'],
    ['A=it\'s "so"', 'it\'s "so"'],
    ['A=$HOME $(b) `c`', '$HOME $(b) `c`'],
    ['A=a\\nb', 'a\\nb'],
    ["A='a # b'", 'a # b'],
    ["A='a\\nb'", 'a\\nb'],
    ["A='a\n\n b'", 'a\n\n b'],
    ["A='a\r\nb'\r", 'a\nb'],
    ["A='' # empty", ''],
    ['A="a # b" # c', 'a # b'],
    ['A="a\\nb\\tc\\rd"', 'a\nb\tc\rd'],
    ['A="\\"q\\" \\\\ \\$x"', '"q" \\ $x'],
    ['A="C:\\data\\x"', 'C:\\data\\x'],
    ['A="a\nb"', 'a\nb'],
    ['A=1\r', '1'],
    ['A=ä 日本 😀', 'ä 日本 😀'],
  ])('%j', (line, value) => {
    const { variables, problems } = parse(`B=before\n${line}\nC=after\n`);
    if (value === undefined) {
      const key = line.startsWith('export=') ? { export: '1' } : {};
      expect(variables).toEqual({ B: 'before', ...key, C: 'after' });
      return;
    }
    expect(problems).toEqual([]);
    expect(variables).toEqual({ B: 'before', A: value, C: 'after' });
  });

  it('knows blank lines, comments, CRLF and a last line without an end', () => {
    const text = '# a comment\r\n\r\n  \t# another "\r\nA=1\r\nexport B="x\r\ny"\r\n#C=2\r\nD=3';
    expect(parse(text)).toEqual({ variables: { A: '1', B: 'x\ny', D: '3' }, problems: [] });
  });

  it('says where a line is wrong, reads on, and shows no value', () => {
    const text = 'A=1\nsecret words\nB="open\nC=3\nD="x" y\n1E=2\nF-G=3\n=4\nH=5\n';
    expect(parse(text)).toEqual({
      variables: { A: '1', C: '3', H: '5' },
      problems: [
        '2:1 this line is not KEY=VALUE',
        '3:3 B: the " is never closed',
        '5:3 D: something follows the closing "',
        '6:1 this line is not KEY=VALUE',
        '7:1 this line is not KEY=VALUE',
        '8:1 this line is not KEY=VALUE',
      ],
    });
  });

  it('takes the last of several, and says so', () => {
    expect(parse('A=1\nB=2\nA=3\n')).toEqual({
      variables: { A: '3', B: '2' },
      problems: ['3:1 A is set twice'],
    });
  });

  it('keeps names that mean something to JavaScript as plain variables', () => {
    const { dotenv } = parseDotEnv(new SourceFile('.env', '__proto__=1\nconstructor=2\n'));
    expect([...dotenv.variables]).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);

  it('reads back any value in double quotes', () => {
    const quote = (value: string) => `"${value.replaceAll(/[\\"$]/g, '\\$&').replaceAll('\r', '\\r')}"`;
    const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }), (variables) => {
        const text = variables.map(([key, each]) => `${key}=${quote(each)}\n`).join('');
        expect(parse(text)).toEqual({ variables: Object.fromEntries(variables), problems: [] });
      }),
    );
  });

  it('reads back any line in single quotes', () => {
    const value = fc.string({ unit: 'binary' }).filter((text) => !/['\r\0]/.test(text));
    fc.assert(
      fc.property(name, value, (key, each) => {
        expect(parse(`${key}='${each}' # it's so\n`)).toEqual({ variables: { [key]: each }, problems: [] });
      }),
    );
  });

  it('takes any text, in time that grows with its length alone', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('A', '=', '"', "'", '#', '\\', '\n', '\r', ' ', '$') }),
        (text) => {
          parse(text);
        },
      ),
    );
    parse('A="\n'.repeat(50_000));
    parse(`A=${' #'.repeat(200_000)}`);
    parse(`${' '.repeat(200_000)}A=1`);
  });
});
