import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomSecret } from './sandbox.ts';
import { TrialSandbox } from './trial-sandbox.ts';

let sandbox: TrialSandbox;
beforeEach(() => {
  sandbox = new TrialSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

const run: TrialSandbox['trial'] = (...trial) => sandbox.trial(...trial);
const text = (inside: string) => sandbox.text(inside);
const { env: base, script } = TrialSandbox;

describe('the command', () => {
  it('runs in bash, in the working directory, with its own exit code and output', () => {
    const ran = run('echo "$PWD"; [[ a == a ]] && echo bash\necho err >&2\nexit 7');
    expect(ran).toMatchObject({ code: 7, stdout: '/image\nbash\n', stderr: 'err\n' });
  });

  it('finds the toolbox first on PATH', () => {
    expect(run('command -v ktb').stdout).toBe('/opt/toolbox/bin/ktb\n');
  });

  it.each(['TERM', 'INT', 'HUP', 'USR1', 'USR2', 'QUIT'] as const)(
    'gets SIG%s, and ends with its own code',
    async (name) => {
      const command = `trap 'echo caught; exit 9' ${name}; echo ready; while :; do sleep 0.02; done`;
      const started = sandbox.start([...script, command], { cwd: '/image', env: base });
      await started.printed('ready');
      started.kill(`SIG${name}`);
      expect(await started.ended()).toMatchObject({ code: 9, stdout: 'ready\ncaught\n' });
    },
  );

  it('passes a signal to the whole process group', async () => {
    const command = `bash -c 'trap "echo inner; exit 0" TERM; echo ready; while :; do sleep 0.02; done'; echo not this`;
    const started = sandbox.start([...script, command], {
      cwd: '/image',
      env: { ...base, TOOLBOX_GRACE: '20' },
    });
    await started.printed('ready');
    started.kill('SIGTERM');
    const ran = await started.ended();
    expect(ran).toMatchObject({ code: 143, stdout: 'ready\ninner\n' });
  });

  it('is killed in time when it ignores SIGTERM', async () => {
    const command = `trap '' TERM; mkdir out; echo half >out/half; echo ready; while :; do sleep 0.02; done`;
    const env = { ...base, TOOLBOX_GRACE: '2', TOOLBOX_OUTPUTS: 'out/' };
    const started = sandbox.start([...script, command], { cwd: '/image', env });
    await started.printed('ready');
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(137);
    expect(text('bucket/out/half')).toBe('half\n');
  });

  it('has the whole grace period where there are no outputs to upload', async () => {
    const command = `trap 'sleep 1; echo saved; exit 9' TERM; echo ready; while :; do sleep 0.02; done`;
    const started = sandbox.start([...script, command], {
      cwd: '/image',
      env: { ...base, TOOLBOX_GRACE: '1' },
    });
    await started.printed('ready');
    started.kill('SIGTERM');
    expect(await started.ended()).toMatchObject({ code: 9, stdout: 'ready\nsaved\n' });
  });

  it('ends by the same signal where it is not process 1', () => {
    const ran = sandbox.run(['bash', '-c', '"$@"; echo "code $?"', 'bash', ...script, 'kill -USR1 $$'], {
      env: base,
    });
    expect(ran.stdout).toBe('code 138\n');
    expect(ran.stderr).toContain('User defined signal 1');
  });

  it('ends with a number that a signal which stops a process would have', () => {
    const print = 'for code in 145 146 147 148 149 150 151 156 255; do "$@" "exit $code"; echo "$?"; done';
    const ran = sandbox.run(['bash', '-c', print, 'bash', ...script], { env: base });
    expect(ran.stdout).toBe('145\n146\n147\n148\n149\n150\n151\n156\n255\n');
  });

  it('is not started after a SIGTERM before it', async () => {
    sandbox.write('kube-toolbox/scripts/link.sh', 'echo linking; sleep 0.3');
    const started = sandbox.start([...script, 'echo ran'], { cwd: '/image', env: base });
    await started.printed('linking');
    started.kill('SIGTERM');
    expect(await started.ended()).toMatchObject({ code: 143, stdout: 'linking\n' });
  });

  it('leaves nothing running and nothing in /tmp', () => {
    run('true', { TOOLBOX_OUTPUTS: 'out/' });
    expect(readdirSync(sandbox.path('tmp'))).toEqual([]);
  });
});

describe('after SIGTERM', () => {
  async function terminate(command: string) {
    // Ends well once it has saved, and prints while it does.
    const train = `trap 'sleep 0.2; echo saved; echo saved >saved; exit 0' TERM; echo ready; while :; do sleep 0.02; done`;
    sandbox.write('image/train', `#!/bin/bash\n${train}\n`, 0o755);
    sandbox.write('image/command.sh', command);
    const words = [...script, '. /kube-toolbox/scripts/run-command.sh /image/command.sh'];
    const env = { ...base, TOOLBOX_GRACE: '20', TRAIN: './train' };
    const started = sandbox.start(words, { cwd: '/image', env });
    await started.printed('ready');
    started.kill('SIGTERM');
    return await started.ended();
  }

  it.each([
    './train; echo no',
    'CUDA_VISIBLE_DEVICES=0 ./train; echo no',
    '$TRAIN; echo no',
    'true; (./train); echo no',
    'train() { command ./train; }; train; echo no',
    'true; echo x | ./train; echo no',
    'set -o pipefail; ./train | tee log; echo no',
  ])('the code is that of the program: %s', async (command) => {
    expect(await terminate(command)).toMatchObject({ code: 0, stdout: 'ready\nsaved\n' });
    expect(text('image/saved')).toBe('saved\n');
  });

  it('the code is 143 where no program was running', async () => {
    expect(await terminate('true; echo ready; while :; do :; done')).toMatchObject({ code: 143 });
    // The pod's directory outlives a container that is started again.
    sandbox.write('kube-toolbox/workspace/.busy', '');
    expect(await terminate('true; echo ready; while :; do :; done')).toMatchObject({ code: 143 });
  });
});

describe('outputs', () => {
  const outputs = { TOOLBOX_OUTPUTS: 'out/example/\nmodel.bin' };
  const command = 'mkdir -p out/example; echo 1 >out/example/metrics; echo m >model.bin';

  it('are uploaded after the command', () => {
    expect(run(command, outputs)).toMatchObject({
      code: 0,
      stdout: 'Uploaded out/example/\nUploaded model.bin\n',
    });
    expect(text('bucket/out/example/metrics')).toBe('1\n');
  });

  it('are uploaded after a command that failed, and the code is the command’s', () => {
    expect(run(`${command}; exit 3`, outputs)).toMatchObject({ code: 3 });
    expect(text('bucket/model.bin')).toBe('m\n');
  });

  it('are uploaded after SIGTERM, once the program has written its last checkpoint', async () => {
    const program = `trap 'sleep 0.3; echo last >out/example/metrics; exit 0' TERM; echo ready; while :; do sleep 0.02; done`;
    sandbox.write('image/train.sh', program);
    // The shell around the program dies of the signal at once; what it started has not ended yet.
    const started = sandbox.start([...script, `${command}; bash train.sh; true`], {
      cwd: '/image',
      env: { ...base, ...outputs, TOOLBOX_GRACE: '20' },
    });
    await started.printed('ready');
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(143);
    expect(text('bucket/out/example/metrics')).toBe('last\n');
  });

  it('survive a second SIGTERM during the upload', async () => {
    sandbox.write(
      'opt/toolbox/bin/ktb',
      '#!/bin/sh\necho uploading; sleep 0.5; echo done >/bucket/done\n',
      0o755,
    );
    const started = sandbox.start([...script, 'touch out'], {
      cwd: '/image',
      env: { ...base, TOOLBOX_OUTPUTS: 'out' },
    });
    await started.printed('uploading');
    started.kill('SIGTERM');
    expect((await started.ended()).code).toBe(0);
    expect(text('bucket/done')).toBe('done\n');
  });

  it('that are not there are told, and are no failure', () => {
    const ran = run('true', { TOOLBOX_OUTPUTS: 'out/' });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain('outputs: out/ is not there; nothing to upload');
  });

  it('that cannot be uploaded fail a command that succeeded, and only that', () => {
    sandbox.write('bucket/refuses', '');
    const ran = run(command, outputs);
    expect(ran.code).toBe(74);
    expect(ran.stderr).toContain('outputs: uploading out/example/ failed with exit code 3');
    sandbox.write('last-words', '');
    run(command, { ...outputs, TOOLBOX_LAST_WORDS: '/last-words' });
    expect(text('last-words')).toBe('the command succeeded, its outputs could not be uploaded');
    expect(run(`${command}; exit 5`, outputs).code).toBe(5);
  });

  it('are uploaded with a toolbox that is older than the scripts', () => {
    const old = `#!/bin/sh
for word; do case $word in --file=* | --overwrite=true) ;; --*) echo "unknown flag $word" >&2; exit 2 ;; esac; done
echo "$@"
`;
    sandbox.write('opt/toolbox/bin/ktb', old, 0o755);
    expect(run('touch out', { TOOLBOX_OUTPUTS: 'out' })).toMatchObject({
      code: 0,
      stdout: 'upload --file=out --overwrite=true\n',
    });
  });

  it('are left alone when startup failed', () => {
    sandbox.write('image/model.bin', 'old');
    const ran = run('true', { ...outputs, TOOLBOX_EXTRA_STARTUP_SCRIPT: 'false' });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(existsSync(sandbox.path('bucket/model.bin'))).toBe(false);
  });
});

describe('data', () => {
  it('is downloaded before the command', () => {
    sandbox.write('bucket/data/1.txt', '1,2,3');
    expect(run('cat data/1.txt', { TOOLBOX_DATA: 'data/' })).toMatchObject({
      code: 0,
      stdout: 'Downloaded data/\n1,2,3',
    });
  });

  it('that cannot be downloaded stops the start', () => {
    const ran = run('echo ran', { TOOLBOX_DATA: 'data/' });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/startup step "data" failed with exit code 1 after \d+\.\d s\n$/);
  });

  it('that cannot be downloaded is the last words of the container, for the status', () => {
    sandbox.write('last-words', '');
    run('echo ran', { TOOLBOX_DATA: 'data/', TOOLBOX_LAST_WORDS: '/last-words' });
    expect(text('last-words')).toBe('startup step "data" failed');
  });

  it('needs the toolbox, and says so', () => {
    const ran = run('echo ran', { TOOLBOX_DATA: 'data/', TOOLBOX_HOME: '/nowhere' });
    expect(ran.code).toBe(127);
    expect(ran.stderr).toContain('data: this image has no ktb; set toolbox_image in config/kube.yaml');
  });
});

describe('files', () => {
  it('are copied into the working directory, paths kept, over what is there', () => {
    // As Kubernetes mounts them.
    sandbox.write('kube-toolbox/files/..2026/config/launch.yaml', 'launch');
    sandbox.write('kube-toolbox/files/..2026/.env', 'A=1');
    symlinkSync('..2026', sandbox.path('kube-toolbox/files/..data'));
    symlinkSync('..data/config', sandbox.path('kube-toolbox/files/config'));
    symlinkSync('..data/.env', sandbox.path('kube-toolbox/files/.env'));
    sandbox.write('image/config/launch.yaml', 'old');
    const ran = run('cat config/launch.yaml .env; ls -A', { TOOLBOX_FILES: '/kube-toolbox/files' });
    expect(ran.stdout).toBe('launchA=1.env\nconfig\n');
  });
});

describe('files that nobody else may read', () => {
  const secret = ['.env', 'config/.env', '.ssh/id_rsa', 'token.pem'];
  const env = { TOOLBOX_FILES: '/kube-toolbox/files', TOOLBOX_SECRET_FILES: secret.join('\n') };
  beforeEach(() => {
    for (const name of secret) sandbox.write(`kube-toolbox/files/${name}`, 'canary');
    for (const name of ['a.txt', 'config/launch.yaml']) sandbox.write(`kube-toolbox/files/${name}`, 'a');
  });

  it('are their user’s alone', () => {
    const ran = run(`stat -c '%a %n' ${secret.join(' ')} a.txt`, env);
    expect(ran.stdout).toBe(`${secret.map((name) => `600 ${name}\n`).join('')}644 a.txt\n`);
  });

  it('are left out where the folder outlives the pod', () => {
    const ran = run('find . -type f; ls -A', env, { cwd: '/dev/shm' });
    expect(ran.stdout.split('\n').sort()).toEqual(['', './a.txt', './config/launch.yaml', 'a.txt', 'config']);
    for (const name of secret)
      expect(ran.stderr).toContain(
        `files: ${name} is not copied, since /dev/shm outlives the pod; it is /kube-toolbox/files/${name}`,
      );
  });
});

describe('startup scripts', () => {
  it('replace the default, extra ones follow, and what they set is the command’s', () => {
    const ran = run('echo $A $B; greet; exit 0', {
      TOOLBOX_STARTUP_SCRIPT: 'A=1\ngreet() { echo hello; }\ncd /tmp',
      TOOLBOX_EXTRA_STARTUP_SCRIPT: 'B=$((A + 1))',
      TOOLBOX_CODE: 'git',
    });
    expect(ran.stdout).toBe('1 2\nhello\n');
    expect(ran.stderr).toMatch(
      /^kube-toolbox: startup_script \(\d+\.\d s\)\nkube-toolbox: extra_startup_script \(\d+\.\d s\)\n$/,
    );
  });

  it('say where they failed', () => {
    const ran = run('echo ran', {
      TOOLBOX_EXTRA_STARTUP_SCRIPT: 'true\nno-such-tool\nfoo() { return 4; }\nfoo',
    });
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expect(ran.stderr).toContain('extra_startup_script: line 2: no-such-tool: command not found');
    expect(ran.stderr).toContain('startup step "extra_startup_script" failed with exit code 4');
  });

  it.each([0, 3])('that end the shell with %i have not run the command, and say so', (code) => {
    const ran = run('echo ran', { TOOLBOX_STARTUP_SCRIPT: `echo started; exit ${code}` });
    expect(ran).toMatchObject({ code: code || 1, stdout: 'started\n' });
    expect(ran.stderr).toContain(`startup step "startup_script" ended the start, exit code ${code || 1}`);
  });

  it('leave none of their own functions and variables to the command', () => {
    expect(run('declare -F; env | grep TOOLBOX_STATE; true', {}).stdout).toBe('');
  });

  it('stop with SIGTERM', async () => {
    const env = { ...base, TOOLBOX_EXTRA_STARTUP_SCRIPT: 'echo starting; sleep 60', TOOLBOX_GRACE: '20' };
    const started = sandbox.start([...script, 'echo ran'], { cwd: '/image', env });
    await started.printed('starting');
    started.kill('SIGTERM');
    expect(await started.ended()).toMatchObject({ code: 143, stdout: 'starting\n' });
  });
});

describe('environments', () => {
  const stub = (file: string, body: string) => sandbox.write(file, `#!/bin/bash\n${body}\n`, 0o755);

  it('activates the conda environment, whose function the command keeps', () => {
    sandbox.write(
      'opt/conda/etc/profile.d/conda.sh',
      `conda() { case $1 in activate) export CONDA_DEFAULT_ENV=$2 PATH="/opt/conda/envs/$2/bin:$PATH" ;; env) echo "base  /opt/conda" ;; esac; }`,
    );
    stub('opt/conda/envs/example/bin/python', 'echo conda python');
    const ran = run('python; conda activate other; echo $CONDA_DEFAULT_ENV');
    expect(ran.stdout).toBe('conda python\nother\n');
    expect(ran.stderr).toMatch(/conda: activated example \(\d+\.\d s\)/);
    const base = run('echo $CONDA_DEFAULT_ENV', { TOOLBOX_CONDA_ENV: 'missing' });
    expect(base.stdout).toBe('base\n');
    expect(base.stderr).toContain('there is no environment "missing"; activated base');
  });

  it('activates an environment of a conda that has no script of its own', () => {
    stub('opt/mamba/envs/torch/bin/python', 'echo mamba python');
    const env = { TOOLBOX_CONDA_HOME: '/opt/mamba', TOOLBOX_CONDA_ENV: 'torch' };
    expect(run('python; echo $CONDA_PREFIX', env).stdout).toBe('mamba python\n/opt/mamba/envs/torch\n');
  });

  it('activates .venv', () => {
    sandbox.write('image/.venv/bin/activate', 'export VIRTUAL_ENV=/image/.venv; PATH=/image/.venv/bin:$PATH');
    stub('image/.venv/bin/python', 'echo venv python');
    const ran = run('python; echo $VIRTUAL_ENV');
    expect(ran.stdout).toBe('venv python\n/image/.venv\n');
    expect(ran.stderr).toMatch(/venv: activated \/image\/\.venv \(\d+\.\d s\)/);
  });

  it('finds the image’s .venv from a working directory of the user’s', () => {
    sandbox.write('image/.venv/bin/activate', 'export VIRTUAL_ENV=/image/.venv');
    const identity = { NB_USER: 'jdoe', NB_UID: '1234', NB_GROUP: 'lab', NB_GID: '83070' };
    const env = { ...base, ...identity, WORKING_DIR: '/home/jdoe/project' };
    const command = 'echo "$PWD $VIRTUAL_ENV ${TOOLBOX_IMAGE_HOME-gone}"';
    const words = ['sh', '/kube-toolbox/scripts/entrypoint.sh', ...script, command];
    expect(sandbox.run(words, { cwd: '/image', env }).stdout).toBe('/home/jdoe/project /image/.venv gone\n');
  });

  it('syncs with uv where there is a uv.lock, into the image’s environment if it has one', () => {
    sandbox.write('kube-toolbox/workspace/example/uv.lock', '');
    stub(
      'opt/bin/uv',
      'echo "uv $* in $UV_PROJECT_ENVIRONMENT"; mkdir -p $UV_PROJECT_ENVIRONMENT/bin; echo "V=1; export V" >$UV_PROJECT_ENVIRONMENT/bin/activate',
    );
    const env = { TOOLBOX_CODE: 'snapshot', PATH: '/opt/bin:/usr/sbin:/usr/bin' };
    const ran = run('echo V=$V', env);
    expect(ran.stdout).toBe('uv sync --frozen --quiet in .venv\nV=1\n');
    expect(ran.stderr).toMatch(/uv: synced and activated \.venv \(/);
    mkdirSync(sandbox.path('image/.venv'));
    execFileSync('rm', ['-rf', sandbox.path('kube-toolbox/workspace/example/.venv')]);
    expect(run('true', env).stdout).toContain('in /image/.venv\n');
  });

  it('leaves an environment of the image as it is where it may not write', () => {
    sandbox.write('image/uv.lock', '');
    sandbox.write('image/.venv/bin/activate', 'export VIRTUAL_ENV=/image/.venv');
    stub('opt/bin/uv', 'exit 2');
    const as = { uid: 1000, gid: 1000, groups: [] };
    const ran = run('echo $VIRTUAL_ENV', { PATH: '/opt/bin:/usr/sbin:/usr/bin', HOME: '/tmp' }, { as });
    expect(ran).toMatchObject({ code: 0, stdout: '/image/.venv\n' });
  });

  it('says that uv is missing, and that a sync failed', () => {
    sandbox.write('image/uv.lock', '');
    expect(run('true').stderr).toContain('uv: there is a uv.lock, but no uv in this image; skipped');
    stub('opt/bin/uv', 'echo no network >&2; exit 2');
    const ran = run('echo ran', { PATH: '/opt/bin:/usr/sbin:/usr/bin' });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/no network\nkube-toolbox: startup step "uv sync" failed with exit code 2/);
  });

  it('installs with poetry and activates its environment', () => {
    sandbox.write('image/poetry.lock', '');
    sandbox.write('root/venv/bin/activate', 'export VIRTUAL_ENV=/root/venv');
    stub('opt/bin/poetry', '[ "$1" != env ] || echo /root/venv');
    const ran = run('echo $VIRTUAL_ENV', { PATH: '/opt/bin:/usr/sbin:/usr/bin' });
    expect(ran.stdout).toBe('/root/venv\n');
    expect(ran.stderr).toContain('poetry: installed and activated /root/venv (');
  });
});

describe('the user’s key without an identity', () => {
  const key = `-----BEGIN\n${randomSecret()}\n`;
  const keys = {
    SSH_PRIVATE_KEY_B64: Buffer.from(key).toString('base64'),
    SSH_PUBLIC_KEY: 'ssh-ed25519 AAAA me',
    SSH_KNOWN_HOSTS: 'git.example.org ssh-ed25519 AAAA',
  };
  const show = 'echo "${SSH_PRIVATE_KEY_B64-gone}"; stat -c "%a %n" ~/.ssh ~/.ssh/* | sort -k 2';

  it('is in ~/.ssh, and not in the command’s environment', () => {
    const ran = run(show, { ...keys, TOOLBOX_EXTRA_STARTUP_SCRIPT: 'echo "${SSH_PRIVATE_KEY_B64:+there}"' });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toBe(
      'there\ngone\n700 /root/.ssh\n600 /root/.ssh/id_rsa\n644 /root/.ssh/id_rsa.pub\n644 /root/.ssh/known_hosts\n',
    );
    expect(text('root/.ssh/id_rsa')).toBe(key);
    expect(ran.stdout + ran.stderr).not.toContain(key);
  });

  it('is in no process’s environment, nor is the deploy key, and no file is left open', () => {
    const env = { ...keys, DEPLOY_KEY_B64: Buffer.from(randomSecret()).toString('base64') };
    const startup = 'printf %s "$SSH_PRIVATE_KEY_B64,$DEPLOY_KEY_B64" >~/seen';
    const wrapped = keys.SSH_PRIVATE_KEY_B64.replace(/.{20}/g, '$&\n');
    const parts = [wrapped.slice(0, 20), env.DEPLOY_KEY_B64.slice(0, 20)];
    const look = `cat /proc/[0-9]*/environ | grep -ac '${parts.join('\\|')}'; ls -l /proc/1/fd /proc/$$/fd >/root/open; grep -c pipe: /root/open; :`;
    const ran = run(look, { ...env, SSH_PRIVATE_KEY_B64: wrapped, TOOLBOX_STARTUP_SCRIPT: startup });
    expect(ran.stdout).toMatch(/^0\n/);
    expect(ran.stdout).toBe(run(look).stdout);
    expect(text('root/seen')).toBe(`${wrapped},${env.DEPLOY_KEY_B64}`);
    expect(text('root/.ssh/id_rsa')).toBe(key);
  });

  it('does not take the place of the image’s', () => {
    sandbox.write('root/.ssh/id_rsa', 'own', 0o600);
    expect(run(show, keys).stdout).toContain('gone\n');
    expect(text('root/.ssh/id_rsa')).toBe('own');
  });

  it('is not written to a volume, nor where it is no base64', () => {
    const away = run('ls -A ~; echo "${SSH_PRIVATE_KEY_B64-gone}"', { ...keys, HOME: '/dev/shm' });
    expect(away.stdout).toBe('gone\n');
    expect(away.stderr).toContain('ssh: the key is not written: /dev/shm is not');
    const broken = run('ls -A ~/.ssh', { SSH_PRIVATE_KEY_B64: '%%%' });
    expect(broken).toMatchObject({ code: 0, stdout: '' });
    expect(broken.stderr).toContain('SSH_PRIVATE_KEY_B64 is not valid base64');
  });
});

it('the modes of scripts do not matter: they are mounted from a ConfigMap', () => {
  expect(statSync('container/run.sh').mode & 0o111).not.toBe(0);
  execFileSync('chmod', ['-R', 'a-x', sandbox.path('kube-toolbox/scripts')]);
  execFileSync('chmod', ['a+x', sandbox.path('kube-toolbox/scripts')]);
  expect(run('echo ran').stdout).toBe('ran\n');
});

describe('regions', () => {
  const regions = 'us-west=WEST us-east=EAST';
  const secrets = {
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'key',
    S3_ENDPOINT_URL: 'http://s3',
    AWS_ACCESS_KEY_ID_WEST: 'west id $(touch /tmp/run)',
    AWS_SECRET_ACCESS_KEY_WEST: 'west key',
    S3_ENDPOINT_URL_WEST: 'http://west',
    // The third of the east is missing.
    AWS_ACCESS_KEY_ID_EAST: 'east id',
    AWS_SECRET_ACCESS_KEY_EAST: 'east key',
  };
  const show = 'echo "$AWS_ACCESS_KEY_ID|$AWS_SECRET_ACCESS_KEY|$S3_ENDPOINT_URL"';

  it.each([
    ['us-west', 'west id $(touch /tmp/run)|west key|http://west\n'],
    ['us-east', 'id|key|http://s3\n'],
    ['eu', 'id|key|http://s3\n'],
    ['', 'id|key|http://s3\n'],
  ])('on a node of region "%s"', (region, expected) => {
    const env = { ...secrets, TOOLBOX_REGIONS: regions, TOOLBOX_REGION: region };
    expect(run(show, env)).toMatchObject({ code: 0, stdout: expected });
    expect(existsSync(sandbox.path('tmp/run'))).toBe(false);
  });
});
