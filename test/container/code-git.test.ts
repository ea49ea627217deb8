import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProjectFolder } from './project-folder.ts';
import { randomSecret } from './sandbox.ts';
import { TrialSandbox } from './trial-sandbox.ts';

let sandbox: TrialSandbox;
beforeEach(() => {
  sandbox = new TrialSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

const run: TrialSandbox['trial'] = (...trial) => sandbox.trial(...trial);
const text = (inside: string) => sandbox.text(inside);

describe('code: git', () => {
  let origin: ProjectFolder;
  let first: string;
  beforeEach(() => {
    origin = new ProjectFolder();
    origin.write('train.py', 'first');
    first = origin.commit();
    origin.write('train.py', 'second');
    origin.git('commit', '--quiet', '--all', '--message', 'second');
  });
  afterEach(() => origin[Symbol.dispose]());

  /** The repository, as it is reached inside. */
  function publish(): Record<string, string> {
    execFileSync('git', ['clone', '--quiet', '--bare', origin.cwd, sandbox.path('opt/origin.git')]);
    return { TOOLBOX_CODE: 'git', TOOLBOX_GIT_URL: 'file:///opt/origin.git', TOOLBOX_GIT_COMMIT: first };
  }

  it('clones at the commit of the sweep, not at the newest', () => {
    const ran = run('pwd; cat train.py; git rev-parse HEAD', publish());
    expect(ran.stdout).toBe(`/kube-toolbox/workspace/example\nfirst${first}\n`);
    expect(ran.stderr).toMatch(
      /code: cloned commit [0-9a-f]{12} into \/kube-toolbox\/workspace\/example \(\d+\.\d s\)/,
    );
  });

  it('runs in the project’s folder of a larger repository', () => {
    origin.write('projects/a b/train.py', 'inner');
    const commit = origin.commit();
    const env = { ...publish(), TOOLBOX_GIT_COMMIT: commit, TOOLBOX_GIT_PREFIX: 'projects/a b' };
    expect(run('pwd; cat train.py', env).stdout).toBe('/kube-toolbox/workspace/example/projects/a b\ninner');
  });

  it('goes by ssh, with the key, where the https address wants a password', () => {
    const env = publish();
    // Stands in for ssh: notes where it was to go, and reaches the repository.
    sandbox.write('opt/bin/ssh', '#!/bin/bash\necho "$*" >>/tmp/ssh.log\neval "exec ${@: -1}"\n', 0o755);
    sandbox.write(
      'opt/bin/git-remote-https',
      '#!/bin/sh\necho "could not read Username" >&2\nexit 128\n',
      0o755,
    );
    const ran = run('cat train.py; printenv GIT_TERMINAL_PROMPT DEPLOY_KEY_B64', {
      ...env,
      PATH: '/opt/bin:/usr/sbin:/usr/bin',
      GIT_EXEC_PATH: '/opt/git-core',
      TOOLBOX_GIT_URL: 'https://gitlab.example.org/opt/origin.git',
      TOOLBOX_SSH_HOST: 'gitlab-ssh.example.org',
      TOOLBOX_SSH_PORT: '30622',
      DEPLOY_KEY_B64: Buffer.from('key').toString('base64'),
    });
    expect(ran.stdout).toBe('first');
    expect(ran.stderr).toContain(
      'code: trying ssh://git@gitlab-ssh.example.org:30622/opt/origin.git with the key',
    );
    expect(text('tmp/ssh.log')).toContain('-p 30622 git@gitlab-ssh.example.org');
  });

  it('pulls in the clone that the image holds', () => {
    const env = publish();
    // Cloned by whoever built the image, from where no pod could.
    execFileSync('git', ['clone', '--quiet', origin.cwd, sandbox.path('image/example')]);
    sandbox.write('image/example/train.py', 'edited in the image');
    sandbox.write('image/example/built.so', 'built in the image');
    const ran = run('pwd; cat train.py built.so', env, { cwd: '/image/example' });
    expect(ran.stdout).toBe('/image/example\nfirstbuilt in the image');
    expect(ran.stderr).toContain('code: pulled commit');
  });

  it('takes a commit that the server hands out by branch only', () => {
    const env = publish();
    execFileSync('git', [
      '-C',
      sandbox.path('opt/origin.git'),
      'config',
      'uploadpack.allowAnySHA1InWant',
      'false',
    ]);
    execFileSync('git', ['-C', sandbox.path('opt/origin.git'), 'config', 'protocol.version', '0']);
    const ran = run('cat train.py', {
      ...env,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'protocol.version',
      GIT_CONFIG_VALUE_0: '0',
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'first' });
  });

  it('updates submodules', () => {
    execFileSync('git', ['clone', '--quiet', '--bare', origin.cwd, sandbox.path('opt/library.git')]);
    using parent = new ProjectFolder();
    parent.write('main.py', 'main');
    parent.commit();
    parent.git('submodule', '--quiet', 'add', sandbox.path('opt/library.git'), 'lib');
    parent.git('config', '--file', '.gitmodules', 'submodule.lib.url', '../library.git');
    const commit = parent.commit();
    execFileSync('git', ['clone', '--quiet', '--bare', parent.cwd, sandbox.path('opt/origin.git')]);
    const ran = run('cat lib/train.py', {
      TOOLBOX_CODE: 'git',
      TOOLBOX_GIT_URL: 'file:///opt/origin.git',
      TOOLBOX_GIT_COMMIT: commit,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'protocol.file.allow',
      GIT_CONFIG_VALUE_0: 'always',
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'second' });
  });

  it('says that the commit was not pushed', () => {
    const ran = run('echo ran', { ...publish(), TOOLBOX_GIT_COMMIT: 'd'.repeat(40) });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(`commit ${'d'.repeat(40)} is not in file:///opt/origin.git; push it`);
    expect(ran.stderr).toMatch(/startup step "code" failed with exit code 1/);
  });

  it('uses the deploy key, host and port, and forgets the key before the command runs', () => {
    const env = publish();
    const key = randomSecret();
    // Stands in for ssh: checks what it is given, then reaches the repository.
    sandbox.write(
      'opt/bin/ssh',
      `#!/bin/bash
config=$2
{ /usr/bin/ssh -G "$@" | grep -E '^(hostname|port|user|identityfile) '; stat -c %a "\${config%/*}" "\${config%/*}/DEPLOY_KEY_B64"; cat "\${config%/*}/DEPLOY_KEY_B64"; } >/tmp/ssh.log
eval "exec \${@: -1}"
`,
      0o755,
    );
    const ran = run(
      'printenv DEPLOY_KEY_B64 GIT_SSH_COMMAND; ls /dev/shm | grep kube-toolbox; cat train.py',
      {
        ...env,
        PATH: '/opt/bin:/usr/sbin:/usr/bin',
        TOOLBOX_GIT_URL: 'git@git.example.org:/opt/origin.git',
        TOOLBOX_SSH_HOST: 'git.example.org',
        TOOLBOX_SSH_PORT: '30622',
        DEPLOY_KEY_B64: Buffer.from(key).toString('base64'),
        SSH_KNOWN_HOSTS: 'git.example.org ssh-ed25519 AAAA',
      },
    );
    const log = text('tmp/ssh.log');
    expect(log).toContain('hostname git.example.org\n');
    expect(log).toContain('port 30622\n');
    expect(log).toMatch(/identityfile \S+\/DEPLOY_KEY_B64\n/);
    expect(log).toContain(`700\n600\n${key}`);
    expect(ran).toMatchObject({ code: 0, stdout: 'first' });
    expect(ran.stderr).not.toContain(key);
    // Nowhere but in the log that the stand-in wrote.
    for (const folder of ['kube-toolbox', 'root', 'image', 'opt'])
      expect(() => execFileSync('grep', ['-rF', key, sandbox.path(folder)])).toThrow();
  });
});
