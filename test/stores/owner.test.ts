import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { fateOf, ourselves } from '../../src/stores/owner.ts';

it('tells a process that runs from one that is gone, and says nothing of other machines and containers', () => {
  const dead = Number(execFileSync('sh', ['-c', 'echo $$']).toString());
  expect(fateOf(ourselves)).toBe('runs');
  expect(fateOf({ ...ourselves, pid: dead })).toBe('gone');
  expect(fateOf({ ...ourselves, host: 'another' })).toBe('unknown');
  expect(fateOf({ ...ourselves, space: 'another' })).toBe('unknown');
});

it('counts one that was killed as gone, though nobody has asked how it ended', async () => {
  // The sleep that takes the shell's place does not know that it has a child.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(fateOf({ ...ourselves, pid })).toBe('gone');
});
