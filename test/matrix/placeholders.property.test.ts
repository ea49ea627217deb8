import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseSide, writtenOffset } from '../../src/matrix/command-language.ts';
import { bindTemplate, parseTemplate, renderTemplate } from '../../src/matrix/placeholders.ts';
import { quoteForShell } from '../../src/matrix/shell-quote.ts';

const hostile = fc
  .array(
    fc.constantFrom(
      '<',
      '>',
      '\\',
      '<a>',
      '<b|quote>',
      '<<',
      '[',
      ']',
      '(',
      ')',
      '](',
      '##',
      '#',
      '${x##',
      "'",
      '"',
      ' ',
      '\n',
      'a',
      'ä',
      '$',
    ),
    { maxLength: 14 },
  )
  .map((pieces) => pieces.join(''));

test('what is put in is never looked at again', () => {
  fc.assert(
    fc.property(hostile, hostile, (a, b) => {
      const scope = (name: string) =>
        name === 'a' || name === 'b'
          ? {
              kind: 'axis' as const,
              axis: name === 'a' ? 0 : 1,
              texts: ['', name === 'a' ? a : b],
              quoted: [],
            }
          : undefined;
      const bound = bindTemplate(parseTemplate('x<a>y<b>z<a>'), scope);
      expect(renderTemplate(bound, [1, 1], 'n')).toBe(`x${a}y${b}z${a}`);
    }),
  );
});

test('a template put together again is the text', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const whole = parseTemplate(text)
        .map((part) => (typeof part === 'string' ? part : text.slice(part.start, part.end)))
        .join('');
      expect(whole).toBe(text.replaceAll('\\<', '<'));
    }),
  );
});

/** Texts with known sides: ordinary text, comments, and `[local](remote)` to any depth. */
const sided: fc.Arbitrary<{ written: string; local: string; remote: string }> = fc.letrec<{
  text: { written: string; local: string; remote: string };
  piece: { written: string; local: string; remote: string };
}>((tie) => ({
  text: fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => ({
    written: pieces.map((piece) => piece.written).join(''),
    local: pieces.map((piece) => piece.local).join(''),
    remote: pieces.map((piece) => piece.remote).join(''),
  })),
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .constantFrom(
        'a ',
        '\n',
        '<x>',
        '(f)',
        '$(date)',
        'arr[0] ',
        '[ -f x ] ',
        '"q" ',
        '${'.concat('p##*/}'),
        ' # c',
        '\\(x\\)',
      )
      .map((text) => ({ written: text, local: text, remote: text })),
    fc.constantFrom('\\[').map((written) => ({ written, local: '[', remote: '[' })),
    fc
      .constantFrom('## x ##', '##[a](b)##', '###\n###')
      .map((written) => ({ written, local: '', remote: '' })),
    fc.tuple(tie('text'), tie('text')).map(([local, remote]) => ({
      written: `[${local.written}](${remote.written})`,
      local: local.local,
      remote: remote.remote,
    })),
  ),
})).text;

test('each side of [local](remote) is the text it was given, to any depth', () => {
  fc.assert(
    fc.property(sided, ({ written, local, remote }) => {
      expect(chooseSide(written, 'local').text).toBe(local);
      expect(chooseSide(written, 'remote').text).toBe(remote);
    }),
    { numRuns: 500 },
  );
});

test('no text is lost: every character of a side is one of the file, in order, and only syntax is left out', () => {
  fc.assert(
    fc.property(hostile, (written) => {
      const kept = new Set<number>();
      for (const side of ['local', 'remote'] as const) {
        const chosen = chooseSide(written, side);
        let last = -1;
        for (let i = 0; i < chosen.text.length; i++) {
          const offset = writtenOffset(chosen, i);
          expect(written[offset]).toBe(chosen.text[i]);
          expect(offset).toBeGreaterThan(last);
          last = offset;
          kept.add(offset);
        }
      }
      if (/##/.test(written)) return;
      const left = [...written].filter((_, offset) => !kept.has(offset)).join('');
      expect(left).toMatch(/^[[\]()\\]*$/);
    }),
    { numRuns: 1000 },
  );
});

test('a quoted value comes out of bash as it went in', () => {
  const texts = fc.sample(
    fc.oneof(
      fc
        .string({ unit: 'binary', maxLength: 20 })
        .filter((text) => !text.includes('\0') && text.isWellFormed()),
      hostile,
      fc.constantFrom('', '\n', "'", "''", '\\', '!!', '$HOME', '`id`', '*', '~', '-n', 'a\r\nb', '{a,b}'),
    ),
    400,
  );
  const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${texts.map(quoteForShell).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(printed.split('\0').slice(0, -1)).toEqual(texts);
});
