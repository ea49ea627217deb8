import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { formatSideBySide } from '../../src/cli/data/side-by-side.ts';
import { startProject } from './data-project.ts';

const bin = new URL('../../dist/bin.js', import.meta.url).pathname;

/** Types each answer when the program asks, on a terminal of this width; prints what was on the screen. */
const terminal = `
import fcntl, json, os, pty, struct, sys, termios
argv, answers, columns = json.loads(sys.argv[1])
pid, screen = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execv(argv[0], argv)
seen, asked = b"", 0
while True:
    try:
        chunk = os.read(screen, 65536)
    except OSError:
        break
    if not chunk:
        break
    seen += chunk
    if answers and seen[asked:].rstrip(b" ").endswith((b":", b"]")) and seen.endswith(b" "):
        asked = len(seen)
        os.write(screen, answers.pop(0).encode() + b"\\n")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps([code, seen.decode()]))
`;

async function onTerminal(cwd: string, argv: readonly string[], answers: readonly string[], columns: number) {
  const given = JSON.stringify([[process.execPath, bin, ...argv], answers, columns]);
  const env = { PATH: process.env['PATH'], NO_COLOR: '1', TERM: 'xterm' };
  const { stdout } = await promisify(execFile)('python3', ['-c', terminal, given], { cwd, env });
  const [code, screen] = JSON.parse(stdout) as [number, string];
  return { code, screen: screen.replaceAll('\r\n', '\n') };
}

it('interactive on a real terminal shows both sides, and what is only on one or differs', async () => {
  const { cwd, write, path, server } = await startProject();
  const long = `m/${'very-long-name-'.repeat(4)}end`;
  for (const [key, here, there] of [
    ['m/both', 'x', 'x'],
    ['m/changed', 'x', 'y'],
    ['m/here', 'x', undefined],
    ['m/there', undefined, 'x'],
    [long, 'x', 'x'],
  ] as const) {
    if (here !== undefined) write(key, here);
    if (there !== undefined) server.bucket.put(key, there);
  }
  const { code, screen } = await onTerminal(cwd, ['interactive', 'file=m/'], ['download', 'exit'], 92);
  const [table = ''] = screen.split('\n\n');
  expect(table.split('\n')).toEqual(
    [
      'Local files matching pattern:             S3 files matching pattern:',
      'm/both                                  m/both                                  same',
      'm/changed                               m/changed                               differs',
      'm/here                                                                          only here',
      '                                        m/there                                 only in S3',
      'm/very-long-name-very-long-name-very-l  m/very-long-name-very-long-name-very-l  same',
      'ong-name-very-long-name-end             ong-name-very-long-name-end',
    ].map((line, index) =>
      index === 0
        ? expect.stringMatching(/^Local files matching pattern: +S3 files matching pattern:$/)
        : line,
    ),
  );
  expect(screen).toContain('Downloaded m/there to ./m/there');
  expect(screen).toContain('m/changed differs and was left');
  expect([code, existsSync(path('m/there'))]).toEqual([3, true]);
});

it.each([20, 80, 200])('no line of the table is wider than %i columns, or its titles', (columns) => {
  const rows = [{ key: 'k'.repeat(300), side: 'same' } as const, { key: 'a', side: 'there' } as const];
  const lines = formatSideBySide(rows, columns).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(columns, 74));
});
