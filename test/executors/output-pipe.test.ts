import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { OutputPipe } from '../../src/executors/output-pipe.ts';

it('closes nothing twice: its number may be another file by then', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'output-pipe-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const pipe = new OutputPipe(path);
  const chunks: string[] = [];
  pipe.deliver((chunk) => {
    chunks.push(String(chunk));
    return undefined;
  });
  pipe.finish();
  await pipe.closed;
  const files = Array.from({ length: 20 }, (_, index) => openSync(join(folder, String(index)), 'w'));
  pipe.abandon();
  for (const file of files) expect(writeSync(file, 'x')).toBe(1);
  expect(chunks).toEqual([]);
});
