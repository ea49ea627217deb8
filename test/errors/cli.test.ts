import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMain } from '../setup/run-main.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a wrong command line', () => {
  it.each([
    ['CLI_UNKNOWN_COMMAND', ['plna'], 'there is no command "plna"', 'did you mean "plan"?'],
    ['CLI_UNKNOWN_FLAG', ['plan', 'wher=lr=1'], 'unknown flag "wher"', 'did you mean "where"?'],
    ['CLI_BAD_VALUE', ['plan', 'json=maybe'], '"json" is true or false, not "maybe"', 'write json=true'],
    ['CLI_MISSING_VALUE', ['plan', '--where'], '"where" needs a value', 'write where='],
    ['CLI_UNEXPECTED_WORD', ['init', 'here'], 'unexpected word "here"', ''],
  ])('%s', async (code, argv, message, hint) => {
    const ran = await runMain(folder, argv);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(`error ${code}: ${message}`);
    expect(ran.stderr).toContain(`hint: ${hint}`);
  });

  it('is one JSON object a line with json=true', async () => {
    const ran = await runMain(folder, ['plan', 'wher=1', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: 'diagnostic', code: 'CLI_UNKNOWN_FLAG' });
    expect(ran.stderr).toBe('');
  });
});

it('INTERNAL: what nobody expected ends in 70, with its stack', async () => {
  const stdout = new Writable();
  stdout.write = () => {
    throw new TypeError('this stream is broken');
  };
  const ran = await runMain(folder, ['--version'], { stdout });
  expect(ran.code).toBe(70);
  expect(ran.stderr).toMatch(/^error INTERNAL: this is a bug in the toolbox: TypeError: this stream is broken\n +at /);
});
