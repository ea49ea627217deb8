import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorDiagnostic, warningDiagnostic } from '../../src/diagnostics/diagnostic.ts';
import {
  diagnosticToJson,
  formatDiagnostic,
  formatDiagnostics,
} from '../../src/diagnostics/format-diagnostic.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

const plain = { color: false };

/** The excerpt below a diagnostic of what stands between « and » in the text. */
function excerpt(marked: string): string[] {
  const offset = marked.indexOf('«');
  const length = marked.indexOf('»') - offset - 1;
  const file = new SourceFile('f.yaml', marked.replaceAll(/[«»]/g, ''));
  const diagnostic = errorDiagnostic('CONFIG_SYNTAX', 'm', { location: { file, offset, length } });
  return formatDiagnostic(diagnostic, plain).split('\n').slice(1);
}

describe('an excerpt', () => {
  it('is the line, dedented, with what is meant underlined', () => {
    expect(excerpt('a: 1\n      «gpu_cont»: 1\n')).toEqual(['    gpu_cont: 1', '    ~~~~~~~~']);
  });

  it('underlines in the right column after tabs', () => {
    expect(excerpt('a:\t«b»\tc')).toEqual(['    a:  b   c', '        ~']);
  });

  it('underlines in the right column after and below wide characters', () => {
    expect(excerpt('日本: «語é😀»x')).toEqual(['    日本: 語é😀x', '          ~~~~~']);
    expect(excerpt('👩‍👩‍👧 «a»')).toEqual(['    👩‍👩‍👧 a', '       ~']);
    expect(excerpt('e\u0301\u200B «a»')).toEqual(['    e\u0301\u200B a', '      ~']);
  });

  it('shows control characters, and marks that turn text around, as what they are', () => {
    expect(excerpt('a\u001B[31m\u202E\u0007«b»\u009B')).toEqual(['    a�[31m��b�', '            ~']);
  });

  it('shows several lines, indented alike, and says how many more', () => {
    expect(excerpt('x:\n  «- a\n    - b»\n')).toEqual(['    - a', '    ~~~', '      - b', '      ~~~']);
    expect(excerpt('«1\n2\n3\n4\n5\n»6')).toEqual([
      '    1',
      '    ~',
      '    2',
      '    ~',
      '    3',
      '    ~',
      '    … 2 more lines',
    ]);
    expect(excerpt('«1\n\n3»')).toEqual(['    1', '    ~', '', '    3', '    ~']);
  });

  it('shows the part of a long line that is meant', () => {
    const [line = '', marks = ''] = excerpt(`${'a'.repeat(5000)}«bbb»${'c'.repeat(5000)}`);
    expect(line).toHaveLength(4 + 1 + 100 + 1);
    expect(line).toMatch(/^ {4}…a+bbbc+…$/);
    expect(line.slice(marks.indexOf('~'), marks.length)).toBe('bbb');
  });

  it('shows the beginning of a long place', () => {
    const [line = '', marks = ''] = excerpt(`key: «${'b'.repeat(5000)}»`);
    expect(line).toMatch(/^ {4}key: b+…$/);
    expect(marks.trimStart()).toMatch(/^~{95}$/);
  });

  it('ends before CRLF and at the end of the file', () => {
    expect(excerpt('«a»\r\nb')).toEqual(['    a', '    ~']);
    expect(excerpt('a: «b»')).toEqual(['    a: b', '       ~']);
    expect(excerpt('a: «»b')).toEqual([]);
  });

  it('is left out for a secret file', () => {
    const file = new SourceFile('.env', 'KEY canary', { secret: true });
    const diagnostic = errorDiagnostic('CONFIG_ENV_LINE', 'm', { location: { file, offset: 0, length: 10 } });
    expect(formatDiagnostic(diagnostic, plain)).toBe('.env:1:1 error CONFIG_ENV_LINE: m');
    expect(JSON.stringify(diagnosticToJson(diagnostic))).not.toMatch(/canary/);
  });
});

describe('a diagnostic', () => {
  const file = new SourceFile('config/launch.yaml', 'a: 1\nb: 2\n');
  const diagnostic = errorDiagnostic('CONFIG_DUPLICATE_KEY', 'the key "a" is there twice', {
    location: { file, offset: 5, length: 1 },
    related: [{ message: 'first here', location: { file, offset: 0, length: 1 } }],
    hint: 'keep one of the two',
  });

  it('is place, severity, code, message, excerpt, related places and hint', () => {
    expect(formatDiagnostic(diagnostic, plain)).toBe(
      `config/launch.yaml:2:1 error CONFIG_DUPLICATE_KEY: the key "a" is there twice
    b: 2
    ~
  config/launch.yaml:1:1 first here
    a: 1
    ~
  hint: keep one of the two`,
    );
  });

  it('has the same text in colour', () => {
    const colored = formatDiagnostic(diagnostic, { color: true });
    expect(colored).toContain('\u001B[31m~\u001B[39m');
    expect(colored.replaceAll(/\u001B\[\d+m/g, '')).toBe(formatDiagnostic(diagnostic, plain));
  });

  it('is one object in JSON', () => {
    expect(diagnosticToJson(diagnostic)).toEqual({
      type: 'diagnostic',
      severity: 'error',
      code: 'CONFIG_DUPLICATE_KEY',
      message: 'the key "a" is there twice',
      file: 'config/launch.yaml',
      line: 2,
      column: 1,
      endLine: 2,
      endColumn: 2,
      related: [
        { message: 'first here', file: 'config/launch.yaml', line: 1, column: 1, endLine: 1, endColumn: 2 },
      ],
      hint: 'keep one of the two',
    });
  });

  it('keeps the lines of a long message together, and control characters out', () => {
    const message = `first\nsecond \u001B[2J${'x'.repeat(10_000)}`;
    const text = formatDiagnostic(errorDiagnostic('INTERNAL', message, { hint: 'a\r\nb' }), plain);
    expect(text).toMatch(/^error INTERNAL: first\n {4}second �\[2Jx+…\n {2}hint: a\n {4}b$/);
    expect(text.length).toBeLessThan(4100);
  });

  it('comes with others, and their number', () => {
    const warning = warningDiagnostic('CONFIG_OLD_SPELLING', 'old');
    const error = errorDiagnostic('CONFIG_EMPTY', 'empty');
    expect(formatDiagnostics([error], plain)).toBe('error CONFIG_EMPTY: empty');
    expect(formatDiagnostics([error, warning, error], plain)).toBe(
      'error CONFIG_EMPTY: empty\n\nwarning CONFIG_OLD_SPELLING: old\n\nerror CONFIG_EMPTY: empty\n\n2 errors, 1 warning',
    );
  });

  it('can be printed whatever the file and place', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\n', '\r', '\t', ' ', 'a', '日', '\u001B', '\u0301', '\uD83D', '\uDE00'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 300,
    });
    fc.assert(
      fc.property(text, fc.nat(310), fc.nat(310), (content, offset, length) => {
        const location = { file: new SourceFile('f', content), offset, length };
        const printed = formatDiagnostic(errorDiagnostic('CONFIG_SYNTAX', content, { location }), plain);
        expect(printed).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
        expect(diagnosticToJson(errorDiagnostic('CONFIG_SYNTAX', 'm', { location }))['line']).toBeGreaterThan(
          0,
        );
      }),
    );
  });
});
