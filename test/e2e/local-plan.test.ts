import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { cleanEnvironment, LocalProject } from '../setup/local-project.ts';

const ten = '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]';
const large = `project_name: big
model: { m: { command: 'echo <a>', hparam: { a: ${ten}, b: ${ten}, c: ${ten}, d: ${ten}, e: ${ten} } } }
`;

it('prints each trial with its values, command, state and what would be done, and totals', async () => {
  const project = new LocalProject({
    'config/launch.yaml': `project_name: p
prefix: ""
model: { m: { command: "echo <lr>\\nls", hparam: { lr: [fast, "_slow\\ndown"] } } }
dataset: { a: {} }
`,
  });
  const { code, stdout } = await project.run(['plan', 'where=lr=fast']);
  expect(code).toBe(0);
  expect(stdout).toBe(`p-m-a-lr-fast  [missing] run: it has not run
    m on a  lr=fast
    echo fast
    ls
1 trial: 1 missing; would run 1
`);
  expect((await project.run(['plan'])).stdout).toContain('\n    m on a  lr="_slow\\ndown"\n');
  const lines = (await project.run(['plan', 'json=true'])).stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      type: 'trial',
      name: 'p-m-a-lr-fast',
      hparam: { lr: 'fast' },
      command: 'echo fast\nls',
      state: 'missing',
      do: 'run',
    },
    { type: 'trial', hparam: { lr: '_slow\ndown' } },
    { type: 'totals', trials: 2, run: 2, states: { missing: 2 } },
  ]);
});

it.each(['plan', 'local-dryrun', 'status'])('%s of 100,000 trials ends with its reader', (command) => {
  const project = new LocalProject({ 'config/launch.yaml': large });
  const line = `set -o pipefail; "$0" "$1" ${command} | head -n 1`;
  // With pipefail a failure of the first command would be the exit code of all.
  const shown = execFileSync('bash', ['-c', line, process.execPath, resolve('dist/bin.js')], {
    cwd: project.root,
    env: cleanEnvironment(),
    encoding: 'utf8',
  });
  expect(shown.split('\n')).toHaveLength(2);
});
