import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { cleanEnvironment, LocalProject } from '../setup/local-project.ts';

/** Runs a command line under a terminal of its own, util-linux's script(1), and gives what the terminal got. */
function onTerminal(project: LocalProject, words: string, env: Record<string, string> = {}): Promise<string> {
  const line = `stty cols 60; ${process.execPath} ${resolve('dist/bin.js')} ${words}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: project.root,
    env: { ...cleanEnvironment(), SHELL: '/bin/bash', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((done) => {
    child.once('close', () => done(Buffer.concat(chunks).toString().replaceAll('\r\n', '\n')));
  });
}

// Everything the status line writes is between saving and restoring the cursor.
const status = /\u001b7\u001b\[0m([^\u001b]*)\u001b\[K\u001b8/g;
const command =
  "printf '\\033[31mred\\n'; sleep 1.5; printf 'still red\\033[0m\\n10%%'; sleep 0.5; printf '\\r100%%\\n'; echo err >&2";

it('draws a status line that leaves the output as it is', async () => {
  const project = LocalProject.of(`${command}; exit 3`);
  const shown = await onTerminal(project, 'local');
  const lines = [...shown.matchAll(status)].map(([, text]) => text ?? '').filter((text) => text !== '');
  expect(lines.length).toBeGreaterThan(1);
  expect(lines[0]).toMatch(/^trial 1 of 1, \d/);
  expect(Math.max(...lines.map((text) => text.length))).toBeLessThan(60);
  const rest = shown.replaceAll(status, '');
  expect(rest).toContain('\n\u001b[31mred\nstill red\u001b[0m\n10%\r100%\nerr\n');
  expect(rest).toContain('\u001b[31mfailed');
  expect(rest).toMatch(/p-m failed in \d\.\ds: exit code 3\n/);
  // Never drawn behind a half line: what comes before the line is the end of another, or the line itself.
  for (const match of shown.matchAll(status)) {
    if (match[1] !== '') expect(shown.slice(0, match.index)).toMatch(/(?:\n|\u001b8)$/);
  }
});

it('writes plain lines with NO_COLOR, and on a dumb terminal', async () => {
  const project = LocalProject.of('printf half');
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const shown = await onTerminal(project, 'local', env);
    expect(shown).not.toContain('\u001b');
    expect(shown).toContain('\nhalf\n[1/1] p-m succeeded in ');
  }
});

it('a Ctrl-C typed into the terminal ends the trial', async () => {
  const project = LocalProject.of(
    "trap 'echo got INT; exit 1' INT; echo ready; while :; do sleep 0.05; done",
  );
  const line = `${process.execPath} ${resolve('dist/bin.js')} local; echo "exit $?"`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: project.root,
    env: { ...cleanEnvironment(), SHELL: '/bin/bash' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (/ready\r?\n/.test(shown) && !shown.includes('^C') && !child.stdin.writableEnded)
      child.stdin.end('\u0003');
  });
  await new Promise((done) => child.once('close', done));
  expect(shown).toContain('got INT');
  expect(project.record('p-m').state).toBe('interrupted');
});
