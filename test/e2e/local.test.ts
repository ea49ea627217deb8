import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRunning, LocalProject, launchOf } from '../setup/local-project.ts';

const matrix = `
project_name: p
prefix: ""
model:
  good: { command: 'echo good on <dataset>' }
  bad: { command: 'test <dataset> = b && exit 7; echo bad on <dataset>' }
dataset: { a: {}, b: {} }
`;

describe('make local', () => {
  it('runs every trial, shows headings apart from output, and ends with a table', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: example
prefix: ""
model: { average: { command: 'echo 2.0 <fn>', hparam: { lr: 1e-5 } } }
dataset: { data1: { hparam: { _fn: data/1.txt } } }
`,
    });
    const { code, stdout, stderr } = await project.run(['local']);
    expect(code).toBe(0);
    expect(stdout).toBe('2.0 data/1.txt\n');
    expect(stderr).toMatch(
      /^Running \{\n {4}"_fn": "data\/1\.txt",\n {4}"lr": "1e-5"\n\} \.\.\. \n\necho 2\.0 data\/1\.txt\n\n/,
    );
    const name = 'example-average-data1-lr-1e-5';
    const table = new RegExp(
      `${name} +succeeded +[\\d.]+s +0 +\\.toolbox/runs/${name}/attempt-1\\.log\n1 trial in `,
    );
    expect(stderr).toMatch(table);
    expect(project.read(`.toolbox/runs/${name}/attempt-1.log`)).toBe('2.0 data/1.txt\n');
    expect(project.record(name)).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      attempt: 1,
      command: 'echo 2.0 data/1.txt',
      hparam: { fn: 'data/1.txt', lr: '1e-5' },
      model: 'average',
      dataset: 'data1',
    });
  });

  it('goes on after a failure and exits 1; fail_fast=true stops', async () => {
    const project = new LocalProject({ 'config/launch.yaml': matrix });
    const all = await project.run(['local']);
    expect(all.code).toBe(1);
    expect(all.stdout).toBe('good on a\nbad on a\ngood on b\n');
    expect(project.record('p-bad-b')).toMatchObject({ state: 'failed', exitCode: 7 });
    expect(all.stderr).toContain('4 trials in');

    project.write('config/launch.yaml', matrix.replace('= b', '= a'));
    const fast = await project.run(['local', 'fail_fast=true']);
    expect(fast.code).toBe(1);
    expect(fast.stdout).toBe('good on a\n');
    expect(fast.stderr).toContain('2 not started');
  });

  it('tells exit code, signal, command not found and timeout apart', async () => {
    const endings = {
      code: 'exit 3',
      signal: 'kill -KILL $$',
      inside: "bash -c 'kill -SEGV $$'; exit $?",
      own: 'exit 130',
      absent: 'no-such-command-anywhere',
      late: 'sleep 600',
      left: '(sleep 600 &); true',
    };
    const models = Object.entries(endings).map(
      ([name, text]) =>
        `  ${name}: { command: ${JSON.stringify(text)}, ${/^l/.test(name) ? 'timeout: 1s' : ''} }`,
    );
    const project = new LocalProject({
      'config/launch.yaml': `project_name: p\nprefix: ""\nmodel:\n${models.join('\n')}\n`,
    });
    const { code, stderr } = await project.run(['local']);
    expect(code).toBe(1);
    expect(project.record('p-code')).toMatchObject({ state: 'failed', exitCode: 3 });
    expect(project.record('p-signal')).toMatchObject({ state: 'failed', signal: 'SIGKILL' });
    expect(project.record('p-inside').reason).toBe('as when SIGSEGV ends a command, a crash in native code');
    expect(project.record('p-own')).toMatchObject({ exitCode: 130, reason: 'as when SIGINT ends a command' });
    expect(project.record('p-left')).toMatchObject({ state: 'succeeded', exitCode: 0 });
    expect(project.record('p-own').signal).toBeUndefined();
    const { stdout } = await project.run(['status']);
    for (const table of [stderr, stdout]) {
      expect(table).toMatch(/p-signal +failed .* SIGKILL /);
      expect(table).toMatch(/p-inside +failed .* 139 /);
    }
    expect(project.record('p-absent')).toMatchObject({ exitCode: 127, reason: 'command not found' });
    expect(project.record('p-late')).toMatchObject({
      state: 'timeout',
      reason: 'ran longer than its timeout of 1.0s',
    });
    expect(stderr).toMatch(/p-late timeout in .*: ran longer than its timeout of 1\.0s/);
  });

  it('passes bytes on unchanged, to the reader and to the log', async () => {
    const script = `import sys
out = bytes(range(256)) * 400 + b"\\x1b[31mred\\x1b[0m 10%\\r20%\\r no line end"
sys.stdout.buffer.write(out)
`;
    const project = LocalProject.of('python3 bytes.py');
    project.write('bytes.py', script);
    const { bytes } = await project.run(['local']);
    const expected = Buffer.concat([
      ...Array.from({ length: 400 }, () => Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i))),
      Buffer.from('\u001b[31mred\u001b[0m 10%\r20%\r no line end'),
    ]);
    expect(bytes.equals(expected)).toBe(true);
    expect(readFileSync(join(project.root, '.toolbox/runs/p-m/attempt-1.log')).equals(expected)).toBe(true);
  });

  it('streams while the trial runs', async () => {
    const project = LocalProject.of('echo first; while [ ! -e go ]; do sleep 0.05; done; echo second');
    const run = project.start(['local']);
    while (!run.text().startsWith('first\n')) await new Promise((done) => setTimeout(done, 20));
    expect(run.text()).not.toContain('first\nsecond');
    project.write('go', '');
    expect((await run.ended).stdout).toBe('first\nsecond\n');
  });

  it('gives the trial its environment: .env over env fields over the process', async () => {
    const script = `import json, os; print(json.dumps(dict(os.environ)))`;
    const project = new LocalProject({
      'config/launch.yaml': `${launchOf('python3 env.py', '    hparam: { lr: ten, _note: "a b" }\n')}env: { A: field, B: field }\n`,
      '.env': 'B=dotenv\nSECRET=hunter2-is-secret\n',
      'env.py': script,
    });
    const { stdout } = await project.run(['local'], {
      A: 'process',
      B: 'process',
      C: 'process',
      PYTHONPATH: '/x',
    });
    const env = JSON.parse(stdout);
    expect(env).toMatchObject({ A: 'field', B: 'dotenv', C: 'process', SECRET: 'hunter2-is-secret' });
    expect(env.PYTHONPATH).toBe(`${project.root}/src:/x`);
    expect(env).toMatchObject({ TOOLBOX_NAME: 'p-m-lr-ten', TOOLBOX_MODEL: 'm', TOOLBOX_DATASET: '' });
    expect(JSON.parse(env.TOOLBOX_HPARAM)).toEqual({ lr: 'ten', note: 'a b' });
    expect(env.PWD).toBe(project.root);
    const written = project.read('.toolbox/runs/p-m-lr-ten/record.json');
    expect(written).not.toContain('hunter2');
  });

  it('gives each trial a process group of its own and nothing on standard input', async () => {
    const project = LocalProject.of('cat; ps -o pgid= -p $$ | tr -d " "; echo $$; pwd -P');
    const { stdout } = await project.run(['local']);
    const [group, pid, cwd] = stdout.trim().split('\n');
    expect(group).toBe(pid);
    expect(cwd).toBe(project.root);
  });

  it('runs jobs=N at a time and puts the trial in front of each line', async () => {
    const models = ['x', 'y']
      .map(
        (name) =>
          `  ${name}: { command: "touch ${name}; until [ -e x ] && [ -e y ]; do sleep 0.05; done; echo one; printf two" }`,
      )
      .join('\n');
    const project = new LocalProject({
      'config/launch.yaml': `project_name: p\nprefix: ""\nmodel:\n${models}\n`,
    });
    const { code, stdout } = await project.run(['local', 'jobs=2']);
    expect(code).toBe(0);
    expect(stdout.split('\n').sort()).toEqual(['', '[p-x] one', '[p-x] two', '[p-y] one', '[p-y] two']);
    expect(project.read('.toolbox/runs/p-x/attempt-1.log')).toBe('one\ntwo');
  });

  it('ends in a table in the order of the plan, whichever trial was done first', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `
project_name: p
prefix: ""
model:
  slow: { command: "until [ -e done ]; do sleep 0.05; done; sleep 0.3" }
  fast: { command: "touch done; exit 4" }
`,
    });
    const { stderr } = await project.run(['local', 'jobs=2']);
    expect(stderr).toMatch(/\[1\/2\] p-fast failed[\s\S]*\[2\/2\] p-slow succeeded/);
    expect(stderr).toMatch(/\nNAME .*\np-slow .*\np-fast .*\n2 trials in .*: 1 succeeded, 1 failed\n$/);
  });

  it('ends what a trial leaves behind, and does not wait for it for ever', async () => {
    const project = LocalProject.of('sleep 600 & echo $!; sleep 600 >/dev/null 2>&1 & echo $!');
    const { code, stdout } = await project.run(['local']);
    expect(code).toBe(0);
    for (const pid of stdout.trim().split('\n')) expect(isRunning(Number(pid))).toBe(false);
  });

  it('keeps the output of a process that ends a little after the shell', async () => {
    const project = LocalProject.of('echo to-tee > >(sleep 0.3; cat)');
    expect((await project.run(['local'])).stdout).toBe('to-tee\n');
  });

  it('prints events as JSON lines with json=true', async () => {
    const project = LocalProject.of("printf 'h\\303\\251\\n'; printf '\\377' >&2");
    const { stdout, stderr } = await project.run(['local', 'json=true']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(stderr).toBe('');
    expect(events.map(({ type }) => type).filter((type) => type !== 'trial-output')).toEqual([
      'sweep-started',
      'trial-started',
      'trial-ended',
      'sweep-ended',
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'trial-output', stream: 'stdout', text: 'hé\n' }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'trial-output', stream: 'stderr', base64: '/w==' }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'trial-ended', state: 'succeeded', exitCode: 0 }),
    );
  });

  it('runs one trial with local-first, and prints commands with local-dryrun', async () => {
    const project = new LocalProject({ 'config/launch.yaml': matrix });
    expect((await project.run(['local-first'])).stdout).toBe('good on a\n');
    const dryrun = await project.run(['local-dryrun']);
    expect(dryrun.stdout.split('\n')[0]).toBe('p-good-a: echo good on a');
    const some = await project.run(['local-dryrun', 'where=dataset=a', 'only=missing']);
    expect(some.stdout).toMatch(/^p-bad-a: .*\n$/);
    expect(existsSync(join(project.root, '.toolbox/runs/p-bad-a'))).toBe(false);
  });

  it('makes the folders that outputs go into', async () => {
    const project = LocalProject.of(
      'ls results > results/deep/x.json',
      "    outputs: [results/deep/x.json, 'results/<name>/*.json', 'results/*/y']\n",
    );
    expect((await project.run(['local'])).code).toBe(0);
    expect(project.read('results/deep/x.json')).toBe('deep\np-m\n');
  });

  it('tells of outputs that a trial has not made, in its log and here', async () => {
    const project = LocalProject.of(
      'echo done; touch out/there',
      "    outputs: [out/there, out/forgotten.json, 'out/*.pt', out/folder/]\n",
    );
    const { code, stderr } = await project.run(['local']);
    expect(code).toBe(0);
    const line = 'kube-toolbox: outputs: out/forgotten.json is not there\n';
    expect(stderr).toContain(line);
    expect(stderr.match(/is not there/g)).toHaveLength(1);
    expect(project.read('.toolbox/runs/p-m/attempt-1.log')).toBe(`done\n${line}`);
  });

  it('holds its memory while a trial prints one endless line', async () => {
    const project = new LocalProject({
      'config/launch.yaml': `project_name: p\nprefix: ""\nmodel:\n  m: { command: "head -c 400000000 /dev/zero" }\n  n: { command: "true" }\n`,
    });
    for (const words of [['local'], ['local', 'jobs=2']]) {
      const run = project.start(words);
      let peak = 0;
      const timer = setInterval(() => {
        try {
          const status = readFileSync(`/proc/${run.child.pid}/status`, 'latin1');
          peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
        } catch {
          // It has ended.
        }
      }, 50);
      run.child.stdout?.removeAllListeners('data').resume();
      expect((await run.ended).code).toBe(0);
      clearInterval(timer);
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(300_000);
    }
  });
});
