import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, run } from '../../make/stand-in.ts';

// The shells themselves, with the built command line on PATH: what would the TAB key give?
const repository = path.resolve(import.meta.dirname, '../../..');
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'shells-'));
  await mkdir(path.join(folder, 'config'));
  await mkdir(path.join(folder, 'bin'));
  await writeFile(path.join(folder, 'config/launch.yaml'), 'model: {vit: {command: "true"}}\n');
  await writeFile(path.join(folder, 'Makefile'), `include ${repository}/Makefile\n`);
  const program = path.join(folder, 'bin/ktb');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${repository}/dist/bin.js' "$@"\n`);
  await chmod(program, 0o755);
  const node = path.dirname(process.execPath);
  env = { HOME: folder, PATH: `${folder}/bin:${node}:${process.env['PATH']}` };
});
afterAll(() => rm(folder, { recursive: true }));

async function shell(name: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr }: Ran = await run(folder, name, words, env);
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`);
  return stdout.trimEnd();
}

describe('bash', () => {
  const complete = (line: string, split: readonly string[], handler: string) =>
    shell('bash', [
      '--norc',
      '-c',
      `source <(ktb completion shell=bash)
COMP_LINE='${line}' COMP_POINT=${line.length} COMP_WORDS=(${split.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${split.length - 1}
${handler}
echo "\${COMPREPLY[*]}"`,
    ]);

  it.each([
    ['ktb ini', ['ktb', 'ini'], '_ktb', 'init'],
    ['ktb completion ', ['ktb', 'completion', ''], '_ktb', 'shell= complete= json= verbose= help='],
    // Bash splits at `=`, and puts the answer after it.
    ['ktb completion shell=', ['ktb', 'completion', 'shell', '='], '_ktb', 'bash zsh fish'],
    ['ktb completion shell=b', ['ktb', 'completion', 'shell', '=', 'b'], '_ktb', 'bash'],
    ['make ini', ['make', 'ini'], '_ktb_make', 'init'],
    ['make init py', ['make', 'init', 'py'], '_ktb_make', 'python='],
  ])('completes %s', async (line, split, handler, expected) => {
    expect(await complete(line, split, handler)).toBe(expected);
  });

  it('registers itself for its names and make', async () => {
    const registered = await shell('bash', [
      '--norc',
      '-c',
      'source <(ktb completion shell=bash); complete -p ktb make',
    ]);
    expect(registered).toBe('complete -F _ktb ktb\ncomplete -o bashdefault -o default -F _ktb_make make');
  });
});

describe('zsh', () => {
  it('completes a line when TAB is pressed', async () => {
    // A second zsh on a terminal of its own: Ctrl-X shows what its line has come to.
    const script = `zmodload zsh/zpty
zpty inner "zsh -f -i"
zpty -w inner 'PS1= PS2=; autoload -U compinit; compinit -D -u; source <(ktb completion shell=zsh)'
zpty -w inner 'show() { print -r -- "LINE<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^X" show; bindkey "^I" complete-word; print REA""DY'
zpty -r -m inner seen '*READY*'
for typed in "$@"; do
  zpty -wn inner "$typed"$'\\t\\C-x'
  zpty -r -m inner seen '*LINE<*>*'
  print -r -- "\${\${seen##*LINE<}%%>*}|"
done`;
    const lines = await shell('zsh', [
      '-f',
      '-c',
      script,
      'zsh',
      'ktb compl',
      'ktb completion sh',
      'ktb completion shell=b',
      'make ini',
    ]);
    expect(lines.split('\n')).toEqual([
      'ktb completion |',
      'ktb completion shell=|',
      'ktb completion shell=bash |',
      'make init |',
    ]);
  });
});

describe('fish', () => {
  it.each([
    ['ktb ini', /^init\t/],
    ['ktb completion sh', /^shell=\t/],
    ['ktb completion shell=', /^shell=bash\nshell=fish\nshell=zsh$/],
    ['make init py', /python=\t/],
  ])('completes %s', async (line, expected) => {
    const offered = await shell('fish', [
      '-N',
      '-c',
      `ktb completion shell=fish | source; complete -C '${line}'`,
    ]);
    expect(offered).toMatch(expected);
  });
});
