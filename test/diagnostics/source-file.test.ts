import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

it('knows the line and column of every offset', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r\n', '😀') });
  fc.assert(
    fc.property(text, (content) => {
      const file = new SourceFile('f', content);
      const lines = content.split('\n');
      for (let offset = 0; offset <= content.length; offset++) {
        const before = content.slice(0, offset).split('\n');
        const { line, column } = file.position(offset);
        expect({ line, column }).toEqual({ line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
        expect(file.line(line)).toBe(lines[line - 1]?.replace(/\r$/, ''));
      }
    }),
  );
});

it('takes an offset past the end for the end', () => {
  expect(new SourceFile('f', 'a\nb').position(99)).toEqual({ line: 2, column: 2 });
  expect(new SourceFile('f', '').position(0)).toEqual({ line: 1, column: 1 });
  expect(new SourceFile('f', 'a').line(7)).toBe('');
});
