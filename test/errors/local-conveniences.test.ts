import { expect, it } from 'vitest';
import { LocalProject } from '../setup/local-project.ts';
import { runMain } from '../setup/run-main.ts';

it('LOCAL_LAUNCH_JSON: the debugger file is not JSON', async () => {
  const project = LocalProject.of('python a.py');
  project.write('.vscode/launch.json', '{ "configurations": [ }');
  const ran = await runMain(project.root, ['debug']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/^\.vscode\/launch\.json:1:\d+ error LOCAL_LAUNCH_JSON: /);
  expect(project.read('.vscode/launch.json')).toBe('{ "configurations": [ }');
});

it('LOCAL_TMUX: there is no tmux', async () => {
  const project = LocalProject.of('true');
  const ran = await runMain(project.root, ['tmux', 'target=local'], { env: { PATH: project.root } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('error LOCAL_TMUX: there is no tmux on PATH');
});

it('LOCAL_TMUX: there is no such target', async () => {
  const project = LocalProject.of('true');
  const ran = await runMain(project.root, ['tmux', 'target=nonsense x=1']);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('error LOCAL_TMUX: make knows no target "nonsense"');
});

it.each([
  ['local jobs=zero', 'CLI_BAD_VALUE: "jobs" is a whole number from 1, not "zero"'],
  ['local job=4', 'CLI_UNKNOWN_FLAG: unknown flag "job"'],
  ["only='not this' local", 'CLI_BAD_VALUE: "only" cannot be "not this"'],
  ['logs', 'CLI_MISSING_VALUE: "name" is missing'],
])('tmux tells what the target would tell where nobody looks: %s', async (target, told) => {
  const project = LocalProject.of('true');
  project.write('Makefile', `include ${process.cwd()}/Makefile\n`);
  const ran = await runMain(project.root, ['tmux', `target=${target}`]);
  expect(ran.stderr).toContain(`error ${told}`);
  expect({ ...ran, stderr: '' }).toEqual({ code: 2, stdout: '', stderr: '' });
});
