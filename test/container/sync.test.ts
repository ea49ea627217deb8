import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TrialSandbox } from './trial-sandbox.ts';

let sandbox: TrialSandbox;
beforeEach(() => {
  sandbox = new TrialSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

const run: TrialSandbox['trial'] = (...trial) => sandbox.trial(...trial);
const text = (inside: string) => sandbox.text(inside);
const { env: base } = TrialSandbox;

describe('a sidecar', () => {
  const sync = { TOOLBOX_SYNC: '1', TOOLBOX_OUTPUTS: 'out/\n*.log' };

  it('finds outputs of code in the work directory where they are', () => {
    mkdirSync(sandbox.path('kube-toolbox/workspace/example'));
    run('mkdir out', { ...sync, TOOLBOX_CODE: 'snapshot' });
    expect(readlinkSync(sandbox.path('kube-toolbox/workspace/.outputs'))).toBe(
      '/kube-toolbox/workspace/example',
    );
  });

  it('finds outputs of code in the image through links', () => {
    sandbox.write('image/out/before', 'b');
    const ran = run('echo now >out/after; ls out', { ...sync, TOOLBOX_CODE: 'image' });
    expect(ran.stdout).toContain('after\nbefore\n');
    expect(ran.stderr).toContain('outputs: *.log cannot be shared; it is uploaded at the end only');
    expect(readdirSync(sandbox.path('kube-toolbox/workspace/.outputs/out')).sort()).toEqual([
      'after',
      'before',
    ]);
  });

  it('takes paths as people write them, and says what it cannot share', () => {
    sandbox.write('image/results/before', 'b');
    symlinkSync('/tmp', sandbox.path('image/link'));
    const outputs = ['./results', './/.//results/', '.', '../up', 'a..b/', 'link/'];
    const ran = run('ls results a..b', {
      ...base,
      TOOLBOX_SYNC: '1',
      TOOLBOX_OUTPUTS: outputs.join('\n'),
      TOOLBOX_CODE: 'image',
    });
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('results:\nbefore\n') });
    for (const name of ['.', '../up', 'link/'])
      expect(ran.stderr).toContain(`outputs: ${name} cannot be shared; it is uploaded at the end only\n`);
    expect(readdirSync(sandbox.path('kube-toolbox/workspace/.outputs')).sort()).toEqual(['a..b', 'results']);
  });

  it('finds outputs on a volume where they are', () => {
    mkdirSync(sandbox.path('image/out'));
    sandbox.write('image/out/before', 'b');
    // /dev/shm stands for the volume: a file system of its own.
    const command = 'test -f out/before && test ! -L out && echo real';
    const script = `cp -R /image /dev/shm/volume && cd /dev/shm/volume && bash /kube-toolbox/scripts/run.sh '${command}'`;
    const ran = sandbox.run(['bash', '-c', script], { env: { ...base, ...sync, TOOLBOX_CODE: 'image' } });
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('real\n') });
    expect(readlinkSync(sandbox.path('kube-toolbox/workspace/.outputs'))).toBe('/dev/shm/volume');
  });

  it('says once that it does not see where the outputs are', async () => {
    symlinkSync('/elsewhere', sandbox.path('kube-toolbox/workspace/.outputs'));
    const env = { ...base, TOOLBOX_OUTPUTS: 'out/', TOOLBOX_SYNC_EVERY: '0.1' };
    const started = sandbox.start(['sh', '/kube-toolbox/scripts/sync.sh'], { env });
    await started.printed('/elsewhere is not in this container; it is uploaded at the end only');
    started.kill('SIGTERM');
    const { code, stderr } = await started.ended();
    expect(code).toBe(0);
    expect(stderr.match(/elsewhere/g)).toHaveLength(1);
  });

  it.each([['dash'], ['busybox', 'sh']])(
    'uploads every so often, and once more when stopped (%s %s)',
    async (...shell) => {
      sandbox.write('kube-toolbox/workspace/example/out/a', '1');
      symlinkSync('example', sandbox.path('kube-toolbox/workspace/.outputs'));
      const words = shell.filter((word) => word !== undefined);
      const env = { ...base, TOOLBOX_OUTPUTS: 'out/\nlater/', TOOLBOX_SYNC_EVERY: '0.1' };
      const started = sandbox.start([...words, '/kube-toolbox/scripts/sync.sh'], { env });
      await started.printed('Uploaded out/');
      expect(text('bucket/out/a')).toBe('1');
      sandbox.write('kube-toolbox/workspace/example/later/b', '2');
      await started.printed('Uploaded later/');
      started.kill('SIGTERM');
      expect(await started.ended()).toMatchObject({ code: 0 });
    },
  );

  it('leaves the upload after the command to the main container', async () => {
    sandbox.write('kube-toolbox/workspace/example/out/a', '1');
    symlinkSync('example', sandbox.path('kube-toolbox/workspace/.outputs'));
    const env = { ...base, TOOLBOX_OUTPUTS: 'out/', TOOLBOX_SYNC_EVERY: '0.05' };
    const started = sandbox.start(['sh', '/kube-toolbox/scripts/sync.sh'], { env });
    await started.printed('Uploaded out/');
    sandbox.write('kube-toolbox/workspace/.ended', '');
    await new Promise((resolve) => setTimeout(resolve, 300));
    sandbox.write('kube-toolbox/workspace/example/out/a', '2');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(text('bucket/out/a')).toBe('1');
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(0);
    expect(text('bucket/out/a')).toBe('2');
  });

  it('is told that the command has ended, and no more once it is started again', () => {
    const ended = sandbox.path('kube-toolbox/workspace/.ended');
    const env = { ...sync, TOOLBOX_CODE: 'image' };
    for (const start of ['first', 'second']) {
      expect(run(`echo ${start}; ls -A "$TOOLBOX_WORK"`, env).stdout).not.toContain('.ended');
      expect(existsSync(ended)).toBe(true);
    }
  });

  it('uploads what came after its last time, when stopped', async () => {
    sandbox.write('kube-toolbox/workspace/example/out/a', '1');
    symlinkSync('example', sandbox.path('kube-toolbox/workspace/.outputs'));
    const script = 'echo started >&2; exec sh /kube-toolbox/scripts/sync.sh';
    const env = { ...base, TOOLBOX_OUTPUTS: 'out/', TOOLBOX_SYNC_EVERY: '3600' };
    const started = sandbox.start(['sh', '-c', script], { env });
    await started.printed('started');
    await new Promise((resolve) => setTimeout(resolve, 300));
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(0);
    expect(text('bucket/out/a')).toBe('1');
  });

  it('goes on after a failed upload', async () => {
    sandbox.write('bucket/refuses', '');
    sandbox.write('kube-toolbox/workspace/example/out/a', '1');
    symlinkSync('example', sandbox.path('kube-toolbox/workspace/.outputs'));
    const env = { ...base, TOOLBOX_OUTPUTS: 'out/', TOOLBOX_SYNC_EVERY: '0.1' };
    const started = sandbox.start(['sh', '/kube-toolbox/scripts/sync.sh'], { env });
    await started.printed('uploading out/ failed with exit code 3; it is tried again');
    execFileSync('rm', [sandbox.path('bucket/refuses')]);
    await started.printed('Uploaded out/');
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(0);
  });
});
