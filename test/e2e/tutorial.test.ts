import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, firstMissingLine } from '../docs/markdown.ts';
import { type Ran, run } from '../make/stand-in.ts';

// The README's blocks, typed one after another as a reader would, each in the folder where the last one ended, and what the
// README says they print looked for in what they print. A block marked `fails` must fail; those marked `cluster`
// and `bucket` need one.
const repository = path.resolve(import.meta.dirname, '../..');
const blocks = blocksOf(readFileSync(path.join(repository, 'README.md'), 'utf8'));

let outer: string;
let state: string;

beforeAll(() => {
  outer = realpathSync(mkdtempSync(path.join(tmpdir(), 'tutorial-')));
  const clone = path.join(outer, 'kube-toolbox');
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: repository,
    encoding: 'utf8',
  });
  for (const file of tracked
    .split('\0')
    .filter((name) => name !== '' && existsSync(path.join(repository, name)))) {
    cpSync(path.join(repository, file), path.join(clone, file), { preserveTimestamps: true });
  }
  // As after the first make, which a machine without network could not do again here.
  cpSync(path.join(repository, 'dist'), path.join(clone, 'dist'), { recursive: true });
  symlinkSync(path.join(repository, 'node_modules'), path.join(clone, 'node_modules'));
  writeFileSync(path.join(clone, '.ready'), '');
  state = path.join(outer, 'state');
  writeFileSync(state, `cd '${clone}'\n`);
});
afterAll(() => rmSync(outer, { recursive: true }));

/** Runs a block where the last one ended, its variables kept. */
async function type(block: Block): Promise<Ran> {
  const script = `. '${state}'
trap '{ declare -p toolbox 2>/dev/null || :; printf "cd %q\\n" "$PWD"; } >"${state}"' EXIT
set -e
exec 2>&1
${block.text}`;
  return await run(outer, 'bash', ['-c', `${script}\n`], { HOME: outer, USER: 'researcher' });
}

const chapters = ['Quick start', 'Tutorial: on this machine', 'Tutorial: on the cluster', 'Tutorial: data'];
const steps = blocks.flatMap((block, index) => {
  const next = blocks[index + 1];
  const runs = block.language === 'bash' && block.mark !== 'cluster' && block.mark !== 'bucket';
  if (!runs || !chapters.includes(block.heading)) return [];
  return [{ block, line: block.line, expected: next?.language === 'text' ? next.text : '' }];
});

describe('the README', () => {
  it.each(steps)('line $line does what it says', async ({ block, expected }) => {
    const { code, stdout, stderr } = await type(block);
    const printed = `${stdout}\n${stderr}`;
    expect(code === 0, printed).toBe(block.mark !== 'fails');
    expect(firstMissingLine(expected, printed), printed).toBeUndefined();
  });
});

it('has blocks in every chapter', () => {
  for (const chapter of chapters) {
    expect(
      blocks.filter(({ heading, language }) => heading === chapter && language === 'bash').length,
    ).toBeGreaterThan(0);
  }
});

it('every block that is not run says what it needs', () => {
  const marks = new Set(blocks.filter(({ language }) => language === 'bash').map(({ mark }) => mark));
  expect([...marks].toSorted()).toEqual(['', 'bucket', 'cluster', 'fails']);
});
