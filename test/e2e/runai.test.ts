import { readFileSync } from 'node:fs';
import { parse } from 'shell-quote';
import { describe, expect, test } from 'vitest';
import { LocalProject } from '../setup/local-project.ts';
import { runMain } from '../setup/run-main.ts';

interface Recorded {
  readonly env: readonly string[];
  readonly examples: readonly { readonly argv: readonly string[]; readonly script: string }[];
}

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/runai/command-lines.json', import.meta.url), 'utf8'),
) as Recorded;

/** Flags with their values but the name, without order: what the run:ai command line sees. */
function flagsOf(argv: readonly string[]): readonly string[] {
  const flags: string[] = [];
  for (const word of argv.slice(0, argv.indexOf('--'))) {
    if (word.startsWith('--') || flags.length === 0) flags.push(word);
    else flags[flags.length - 1] += ` ${word}`;
  }
  return flags.filter((flag) => !flag.startsWith('--name ')).sort();
}

function scriptOf(argv: readonly string[]): string {
  const [, encoded = ''] =
    /^echo (\S+) \| base64 -d > \/tmp\/job_payload.sh && cat \/tmp\/job_payload.sh && \/bin\/zsh \/tmp\/job_payload.sh$/.exec(
      argv.at(-1) ?? '',
    ) ?? [];
  return Buffer.from(encoded, 'base64').toString('utf8');
}

/** The words of a printed line, as a shell takes it. */
function words(line: string): readonly string[] {
  return parse(line).map((word) => {
    if (typeof word !== 'string') throw new Error(`not quoted: ${JSON.stringify(word)}`);
    return word;
  });
}

/** A lab's project: the files say only what `.env` does not. */
function labProject(launch: string, kube = ''): LocalProject {
  return new LocalProject({
    'config/launch.yaml': launch,
    'config/kube.yaml': `backend: runai\nproject_name: p\n${kube}`,
    '.env': `${recorded.env.map((line) => line.replace(/=(.*)$/, "='$1'")).join('\n')}\n`,
  });
}

describe('what dryrun prints are the recorded command lines', () => {
  test('an interactive pod', async () => {
    const project = labProject('model: {m: {command: "true"}}\n');
    const ran = await runMain(project.root, ['pod-dryrun']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const argv = words(ran.stdout.trim());
    const [example] = recorded.examples;
    expect(argv).toContain('jdoe-p-interactive-pod');
    expect(flagsOf(argv)).toEqual(flagsOf(example?.argv ?? []));
    expect(scriptOf(argv)).toBe(example?.script);
  });

  test('a training workload, and a distributed one', async () => {
    const project = labProject(
      [
        'model:',
        '  one: {command: python main.py, gpu_count: 1}',
        '  dist: {command: torchrun main.py, gpu_count: 4, workers: 1}',
      ].join('\n'),
    );
    const ran = await runMain(project.root, ['dryrun']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const lines = ran.stdout.trim().split('\n').map(words);
    expect(lines).toHaveLength(2);
    for (const [index, argv] of lines.entries()) {
      const example = recorded.examples[index + 1];
      expect(flagsOf(argv)).toEqual(flagsOf(example?.argv ?? []));
      expect(argv.slice(argv.indexOf('--'), -1)).toEqual(['--', '/bin/zsh', '-c']);
      expect(scriptOf(argv)).toBe(example?.script);
    }
  });

  test('no secret of .env is printed', async () => {
    const project = labProject('model: {m: {command: "true"}}\n');
    const { stdout } = await runMain(project.root, ['dryrun']);
    for (const secret of ['wandb-secret', 'hf-secret', 'a2V5', 'sk-x']) expect(stdout).not.toContain(secret);
  });
});

test('the SSH key of the home folder is filled in, as a name only', async () => {
  const project = labProject('model: {m: {command: "true"}}\n');
  project.write('.env', 'LDAP_USERNAME=jdoe\nRUNAI_PROJECT=mlo-jdoe\n');
  project.write('.ssh/github', 'PRIVATE');
  const ran = await runMain(project.root, ['dryrun']);
  expect(ran.code).toBe(0);
  expect(words(ran.stdout.trim())).toContain('SSH_PRIVATE_KEY_B64=SECRET:mlo-jdoe-env,SSH_PRIVATE_KEY_B64');
  expect(ran.stdout).not.toContain(Buffer.from('PRIVATE').toString('base64'));
});
