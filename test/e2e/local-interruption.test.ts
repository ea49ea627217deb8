import { describe, expect, it } from 'vitest';
import { isRunning, LocalProject, type Started, until } from '../setup/local-project.ts';

/** The pids a trial has printed as `pid N` lines, once there are `count`. */
function pidsOf(run: Started, count: number): Promise<number[]> {
  return until(() => {
    const pids = [...run.text().matchAll(/^pid (\d+)$/gm)].map((match) => Number(match[1]));
    return pids.length >= count && pids;
  });
}

function expectAllGone(pids: readonly number[]): void {
  expect(pids.filter(isRunning)).toEqual([]);
}

describe('interrupting make local', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the trial and its grandchildren, and the sweep says interrupted',
    async (signal) => {
      const project = LocalProject.of(
        // The inner bash is a child, its sleep a grandchild; exec would make them one process.
        "bash -c 'sleep 600 & echo pid $!; echo pid $$; wait; :'; :",
      );
      const run = project.start(['local']);
      const pids = await pidsOf(run, 2);
      run.child.kill(signal);
      const { code, stderr } = await run.ended;
      expect(code).toBe(130);
      expectAllGone(pids);
      expect(project.record('p-m')).toMatchObject({
        state: 'interrupted',
        reason: `interrupted by ${signal}`,
      });
      expect(stderr).toMatch(/1 trial interrupted after .*: 1 interrupted/);
    },
  );

  it('gives the trial time to save its work, and starts no other', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: p
prefix: ""
model:
  first: { command: "trap 'sleep 0.5; echo saved; exit 0' INT; echo pid $$; while :; do sleep 0.05; done" }
  second: { command: echo second }
`,
    });
    const run = project.start(['local']);
    await pidsOf(run, 1);
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toContain('saved\n');
    expect(stdout).not.toContain('second');
    expect(project.record('p-first')).toMatchObject({ state: 'interrupted', exitCode: 0 });
    expect(stderr).toContain('1 not started');
    expect(stderr).toContain('stopping: what runs has 15 s to end; a second Ctrl-C kills it at once\n');
  });

  it('kills at once on the second signal, processes that left the group included', async () => {
    const stubborn = "trap '' INT TERM HUP; echo pid $$; while :; do sleep 0.05; done";
    const project = LocalProject.of(
      `setsid bash -c "${stubborn.replaceAll('$', '\\$')}" &\nset -m; bash -c "${stubborn.replaceAll('$', '\\$')}" & set +m\n${stubborn}`,
    );
    const run = project.start(['local']);
    const pids = await pidsOf(run, 3);
    run.child.kill('SIGINT');
    // It must have been taken as the first before the next comes, or the system makes them one.
    await new Promise((done) => setTimeout(done, 300));
    expect(pids.every(isRunning)).toBe(true);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expectAllGone(pids);
    expect(project.record('p-m')).toMatchObject({ state: 'interrupted', signal: 'SIGKILL' });
  });

  it('goes on to SIGTERM where SIGINT is ignored', async () => {
    const project = LocalProject.of("trap '' INT; echo pid $$; sleep 600 & echo pid $!; wait; :");
    const run = project.start(['local']);
    const pids = await pidsOf(run, 2);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expectAllGone(pids);
  });

  it('ends all trials of jobs=N', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: p
prefix: ""
model: { m: { command: 'touch on-<dataset>; sleep 600' } }
dataset: { a: {}, b: {}, c: {} }
`,
    });
    const run = project.start(['local', 'jobs=2']);
    await until(() => {
      try {
        return project.record('p-m-a').process && project.record('p-m-b').process;
      } catch {
        return undefined;
      }
    });
    const pids = ['p-m-a', 'p-m-b'].map((name) => project.record(name).process?.pid ?? 0);
    expect(pids.every(isRunning)).toBe(true);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expectAllGone(pids);
  });

  it('ends the trial when the reader of its output has gone away', async () => {
    const project = LocalProject.of(
      'echo pid $$; trap "exit 0" TERM; while :; do echo more; sleep 0.05; done',
    );
    const run = project.start(['local']);
    const pids = await pidsOf(run, 1);
    run.child.stdout?.destroy();
    expect((await run.ended).code).toBe(130);
    expectAllGone(pids);
    expect(project.record('p-m').state).toBe('interrupted');
  });
});

describe('after a SIGKILL of the toolbox', () => {
  it('says which trials still run and leaves them; says which are lost and runs them', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: p
prefix: ""
model: { m: { command: 'echo pid $$; [ <dataset> = a ] && exec sleep 600 >/dev/null 2>&1; echo ran <dataset>' } }
dataset: { a: {}, b: {} }
`,
    });
    const run = project.start(['local']);
    const [pid = 0] = await pidsOf(run, 1);
    await until(() => run.child.pid !== undefined);
    run.child.kill('SIGKILL');
    await run.ended;
    expect(isRunning(pid)).toBe(true);

    const second = await project.run(['local', 'resume=true']);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`LOCAL_TAKEN_OVER: an earlier toolbox was killed`);
    expect(second.stderr).toMatch(/LOCAL_STILL_RUNNING: p-m-a, begun .*, still runs \(pid \d+\)/);
    expect(second.stdout).toMatch(/ran b\n$/);
    expect(isRunning(pid)).toBe(true);
    expect((await project.run(['status'])).stdout).toMatch(/m +running +succeeded/);

    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid));
    const status = await project.run(['status']);
    expect(status.stdout).toMatch(/m +lost +succeeded/);
    project.write(
      'config/launch.yaml',
      project.read('config/launch.yaml').replace('exec sleep 600 >/dev/null 2>&1', 'true'),
    );
    const third = await project.run(['local', 'only=failed']);
    expect(third.code).toBe(0);
    expect(third.stdout).toMatch(/ran a\n$/);
    expect(third.stdout).not.toContain('ran b');
    expect(project.record('p-m-a')).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  it('knows of a trial that had run for less than its record file takes', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: p
prefix: ""
model: { m: { command: 'kill -9 "$(ps -o ppid= "$PPID" | tr -d " ")"' } }
`,
    });
    expect((await project.run(['local'])).code).not.toBe(0);
    expect((await project.run(['status'])).stdout).toMatch(/p-m +lost/);
    const second = await project.run(['local', 'only=failed']);
    expect(second.stderr).toContain('LOCAL_LOST');
  });
});
