import { expect, it } from 'vitest';
import { PrefixedLines } from '../../src/report/prefixed-lines.ts';

function collect(chunks: readonly string[], times: readonly number[] = []): string {
  let text = '';
  let index = 0;
  const lines = new PrefixedLines(
    '[a] ',
    (line) => {
      text += line.toString();
    },
    () => times[index] ?? 0,
  );
  for (const chunk of chunks) {
    lines.write(Buffer.from(chunk));
    index++;
  }
  lines.end();
  return text;
}

it.each([
  ['whole lines', ['one\ntwo\n'], '[a] one\n[a] two\n'],
  ['lines cut anywhere', ['o', 'ne\nt', 'wo', '\n'], '[a] one\n[a] two\n'],
  ['an empty line', ['\n\n'], '[a] \n[a] \n'],
  ['a last line without end', ['one\ntwo'], '[a] one\n[a] two\n'],
  ['colours, which do not spill over', ['\u001b[31mred\n'], '[a] \u001b[31mred\u001b[0m\n'],
  ['lines of Windows', ['one\r\ntwo\r\n'], '[a] one\n[a] two\n'],
] as const)('%s', (_, chunks, expected) => {
  expect(collect(chunks)).toBe(expected);
});

it('keeps bytes that are cut between chunks', () => {
  const seen: Buffer[] = [];
  const lines = new PrefixedLines(
    '',
    (line) => seen.push(line),
    () => 0,
  );
  const bytes = Buffer.from('é\n');
  lines.write(bytes.subarray(0, 1));
  lines.write(bytes.subarray(1));
  expect(Buffer.concat(seen)).toEqual(bytes);
});

it('shows a progress bar as it ends, and in between at most every two seconds', () => {
  const bar = ['\r10%', '\r20%', '\r30%', '\r40%', '\r100%\n'];
  expect(collect(bar, [0, 500, 1900, 2500, 2600])).toBe('[a] 10%\n[a] 40%\n[a] 100%\n');
});

it('shows an endless line in pieces, and forgets none of it', () => {
  let length = 0;
  let longest = 0;
  const lines = new PrefixedLines(
    '> ',
    (line) => {
      length += line.length - '> \n'.length;
      longest = Math.max(longest, line.length);
    },
    () => 0,
  );
  for (let chunk = 0; chunk < 100; chunk++) lines.write(Buffer.alloc(50_000, 'x'));
  lines.end();
  expect(length).toBe(100 * 50_000);
  expect(longest).toBeLessThan(70_000);
});
