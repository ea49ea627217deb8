import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ran, type RunOptions, randomSecret, Sandbox } from './sandbox.ts';

const user = { NB_USER: 'jdoe', NB_UID: '123456', NB_GROUP: 'MLO-unit', NB_GID: '83070' };
const lab = { ...user, SCRATCH_HOME_ROOT: '/scratch/homes', WORKING_DIR: '/scratch/homes/jdoe/project' };
const seed = { uid: 4242, gid: 83070 };

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  // An export: writable to the lab's group, which root is not in.
  chownSync(sandbox.path('scratch'), seed.uid, seed.gid);
  chmodSync(sandbox.path('scratch'), 0o770);
});
afterEach(() => sandbox[Symbol.dispose]());

const entrypoint = '/kube-toolbox/scripts/entrypoint.sh';

function enter(command: string, env: Readonly<Record<string, string>>, options: RunOptions = {}): Ran {
  return sandbox.run(['sh', entrypoint, 'bash', '-c', command], { ...options, env });
}

/** Root loses what it loses on a root-squashed export: its say over files that are not its own. */
const squashed = { without: ['dac_override', 'dac_read_search', 'fowner'] };

const mode = (inside: string) => (statSync(sandbox.path(inside)).mode & 0o777).toString(8);
const owner = (inside: string) => {
  const { uid, gid } = lstatSync(sandbox.path(inside));
  return { uid, gid };
};
const text = (inside: string) => readFileSync(sandbox.path(inside), 'utf8');

describe.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])('under %s %s', (...shell) => {
  const words = shell.filter((word) => word !== undefined);

  it('mirrors the user, prepares scratch as the seed user, and hands over', () => {
    const env = { ...lab, SCRATCH_SEED_USER: 'seeder', GRANT_SUDO: 'yes' };
    const ran = sandbox.run(
      [
        ...words,
        entrypoint,
        'bash',
        '-c',
        'id; pwd; umask; echo "$HOME $USER $SHELL"; sudo -n id -u; exit 7',
      ],
      { env, ...squashed },
    );
    expect(ran.stdout.split('\n')).toEqual([
      'uid=123456(jdoe) gid=83070(MLO-unit) groups=83070(MLO-unit)',
      '/scratch/homes/jdoe/project',
      '0007',
      '/home/jdoe jdoe /bin/zsh',
      '0',
      '',
    ]);
    expect(ran.code).toBe(7);
    for (const inside of ['scratch/homes/jdoe', 'scratch/homes/jdoe/project', 'scratch/hf_cache']) {
      expect(mode(inside)).toBe('770');
      expect(owner(inside)).toEqual(seed);
    }
  });

  it.each(['TERM', 'INT', 'HUP', 'QUIT', 'USR1', 'USR2'] as const)('passes SIG%s on', async (name) => {
    const command = `trap 'echo caught ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.02; done`;
    const started = sandbox.start([...words, entrypoint, 'bash', '-c', command], { env: user });
    await started.printed('ready');
    started.kill(`SIG${name}`);
    expect(await started.ended()).toMatchObject({ code: 9, stdout: `ready\ncaught ${name}\n` });
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('does not start the command after a %s during the set-up', async (name, code) => {
    sandbox.write('opt/slow/git', '#!/bin/sh\nsleep 0.5\n', 0o755);
    const env = { ...user, GIT_USER_NAME: 'J', PATH: '/opt/slow:/usr/sbin:/usr/bin' };
    const started = sandbox.start([...words, entrypoint, 'sh', '-c', 'echo ran >&2'], { env });
    // What comes right before git's identity.
    await started.printed('skipped scratch');
    started.kill(name);
    const ran = await started.ended();
    expect(ran.code).toBe(code);
    expect(ran.stderr).not.toContain('ran');
  });

  it('refuses what is no name', () => {
    const ran = sandbox.run([...words, entrypoint, 'true'], { env: { ...user, NB_USER: 'a;touch /tmp/x' } });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('accounts', () => {
  it('creates the user and the group, and leaves every other line as it was', () => {
    const before = { passwd: text('etc/passwd'), group: text('etc/group') };
    expect(enter('true', user)).toMatchObject({ code: 0 });
    expect(text('etc/passwd')).toBe(`${before.passwd}jdoe:*:123456:83070::/home/jdoe:/bin/zsh\n`);
    expect(text('etc/group')).toBe(`${before.group}MLO-unit:x:83070:\n`);
    expect(owner('home/jdoe')).toEqual({ uid: 123456, gid: 83070 });
    expect(owner('home/jdoe/.profile')).toEqual({ uid: 123456, gid: 83070 });
  });

  it('renames the account and the group that have the numbers, memberships included', () => {
    const ran = enter('id; sudo -n id -un', { ...user, NB_UID: '1000', NB_GID: '1000', GRANT_SUDO: 'yes' });
    expect(ran.stdout).toBe('uid=1000(jdoe) gid=1000(MLO-unit) groups=1000(MLO-unit),29(audio)\nroot\n');
    expect(text('etc/passwd')).toContain('jdoe:x:1000:1000:Ubuntu,,,:/home/jdoe:/bin/zsh\n');
    expect(text('etc/group')).toContain('audio:x:29:jdoe,daemon\n');
    expect(text('etc/group')).toContain('MLO-unit:x:1000:\n');
    expect(text('etc/shadow')).toContain('jdoe:!:19000');
    for (const file of ['etc/passwd', 'etc/shadow']) expect(text(file)).not.toContain('ubuntu');
  });

  it('gives an account of the same name the right numbers', () => {
    const ran = enter('id', { ...user, NB_USER: 'ubuntu', NB_GROUP: 'video' });
    expect(ran.stdout).toContain('uid=123456(ubuntu) gid=83070(video)');
    expect(text('etc/passwd').match(/^ubuntu:/gm)).toHaveLength(1);
    expect(text('etc/group').match(/^video:/gm)).toHaveLength(1);
  });

  it('is the same after a restart of the container', () => {
    enter('true', lab);
    const first = { passwd: text('etc/passwd'), group: text('etc/group') };
    expect(enter('id -un', lab)).toMatchObject({ code: 0, stdout: 'jdoe\n' });
    expect({ passwd: text('etc/passwd'), group: text('etc/group') }).toEqual(first);
  });

  it('keeps the groups that the pod gives every process', () => {
    const ran = sandbox.run(['setpriv', '--groups=0,7777', 'sh', entrypoint, 'id', '-G'], { env: user });
    expect(ran.stdout).toBe('83070 7777\n');
  });

  it('takes the names of the other labs', () => {
    const cluster = {
      CLUSTER_USER: 'jdoe',
      CLUSTER_USER_ID: '5001',
      CLUSTER_GROUP_NAME: 'CVLAB-unit',
      CLUSTER_GROUP_ID: '11166',
    };
    expect(enter('id', cluster).stdout).toContain('uid=5001(jdoe) gid=11166(CVLAB-unit)');
    const ldap = { LDAP_USERNAME: 'other', LDAP_UID: '5002', LDAP_GROUPNAME: 'MLO-unit', LDAP_GID: '83070' };
    expect(enter('id', ldap).stdout).toContain('uid=5002(other) gid=83070(MLO-unit)');
  });

  it('has the asked-for shell, or the best there is', () => {
    enter('true', { ...user, NB_SHELL: '/bin/sh' });
    expect(text('etc/passwd')).toContain('/home/jdoe:/bin/sh\n');
    const ran = enter('echo "$SHELL"', { ...user, NB_SHELL: '/bin/fancy' });
    expect(ran.stdout).toBe('/bin/zsh\n');
    expect(ran.stderr).toContain('skipped the shell /bin/fancy: this image does not have it');
  });

  it('grants sudo to a name in capitals', () => {
    expect(enter('sudo -n id -u', { ...user, NB_USER: 'JDOE', GRANT_SUDO: 'yes' }).stdout).toBe('0\n');
  });

  it('grants sudo only when asked', () => {
    expect(enter('sudo -n true', user).code).not.toBe(0);
    expect(enter('sudo -n true', { ...user, GRANT_SUDO: 'yes' }).code).toBe(0);
    expect(mode('etc/sudoers.d/kube-toolbox')).toBe('440');
  });
});

describe('changing user without setpriv', () => {
  const basics = [
    'bash',
    'sh',
    'id',
    'mkdir',
    'chmod',
    'chown',
    'find',
    'cp',
    'rm',
    'ln',
    'rmdir',
    'dirname',
    'env',
    'true',
  ];

  function only(tools: readonly string[]): string {
    mkdirSync(sandbox.path('opt/few'));
    for (const tool of [...basics, ...tools])
      symlinkSync(`/usr/${tool === 'chroot' ? 'sbin' : 'bin'}/${tool}`, sandbox.path(`opt/few/${tool}`));
    return '/opt/few';
  }

  it('uses chroot', () => {
    const PATH = only(['chroot']);
    const ran = sandbox.run(['sh', entrypoint, 'bash', '-c', 'id -un; id -G; pwd; exit 5'], {
      env: { ...lab, PATH },
    });
    expect(ran).toMatchObject({ code: 5, stdout: 'jdoe\n83070\n/scratch/homes/jdoe/project\n' });
  });

  it.each(['su', 'start-stop-daemon'])('uses the %s of busybox', (name) => {
    const PATH = only([]);
    symlinkSync('/usr/bin/busybox', sandbox.path(`opt/few/${name}`));
    const ran = sandbox.run(['sh', entrypoint, 'bash', '-c', 'id -un; pwd; echo "$ODD"; exit 5'], {
      env: { ...lab, PATH, ODD: 'a  "b" $c\n*' },
    });
    expect(ran).toMatchObject({ code: 5, stdout: 'jdoe\n/scratch/homes/jdoe/project\na  "b" $c\n*\n' });
  });

  it('says so where there is nothing, and runs as root', () => {
    const PATH = only([]);
    const ran = sandbox.run(['sh', entrypoint, 'id', '-u'], { env: { ...user, PATH } });
    expect(ran.stdout).toBe('0\n');
    expect(ran.stderr).toContain('skipped changing user: this image has no setpriv');
  });
});

describe('scratch', () => {
  it('keeps shell state, git config and uv there, and links the five into the home and nothing else', () => {
    expect(
      enter('printenv ZDOTDIR GIT_CONFIG_GLOBAL UV_CACHE_DIR UV_PYTHON_INSTALL_DIR HF_HOME', lab).stdout,
    ).toBe(
      ['.shell', '.gitconfig', '.cache/uv', '.uv'].map((name) => `/scratch/homes/jdoe/${name}\n`).join('') +
        '/scratch/hf_cache\n',
    );
    const home = readdirSync(sandbox.path('home/jdoe')).filter((name) =>
      lstatSync(sandbox.path(`home/jdoe/${name}`)).isSymbolicLink(),
    );
    expect(home.sort()).toEqual(['.cursor', '.cursor-server', '.vscode', '.vscode-server', '.zsh_history']);
    for (const name of home)
      expect(readlinkSync(sandbox.path(`home/jdoe/${name}`))).toBe(`/scratch/homes/jdoe/${name}`);
    for (const name of ['.shell', '.cache/uv', '.uv', '.gitconfig', '.zsh_history'])
      expect(owner(`scratch/homes/jdoe/${name}`)).toEqual({ uid: 123456, gid: 83070 });
    // Group yes, world no.
    const open = execFileSync('find', [sandbox.path('scratch'), '-perm', '/007', '!', '-type', 'l'], {
      encoding: 'utf8',
    });
    expect(open).toBe('');
  });

  it('brings first versions from the image, once', () => {
    sandbox.write('docker/.zshrc', 'echo from the image\n');
    sandbox.write('docker/oh-my-zsh/oh-my-zsh.sh', '# oh\n');
    expect(enter('echo "$ZSH"; cat "$ZDOTDIR/.zshrc"; echo mine >"$ZDOTDIR/.zshrc"', lab).stdout).toBe(
      '/scratch/homes/jdoe/.shell/oh-my-zsh\necho from the image\n',
    );
    enter('true', lab);
    expect(text('scratch/homes/jdoe/.shell/.zshrc')).toBe('mine\n');
  });

  it('starts zsh with its history on scratch', () => {
    const ran = sandbox.run(['sh', entrypoint, 'zsh', '-ic', 'echo $HISTFILE'], { env: lab });
    expect(ran.stdout).toBe('/scratch/homes/jdoe/.zsh_history\n');
  });

  it('makes directories as a numbered seed user, where the image has no account of it', () => {
    enter('true', { ...lab, SCRATCH_SEED_USER: '4242' }, squashed);
    expect(owner('scratch/homes/jdoe')).toEqual(seed);
  });

  it('says when the seed user is unknown, and makes them as the user', () => {
    const ran = enter('true', { ...lab, SCRATCH_SEED_USER: 'nobody-here' }, squashed);
    expect(ran.stderr).toContain('skipped the seed user nobody-here');
    expect(owner('scratch/homes/jdoe')).toEqual({ uid: 123456, gid: 83070 });
  });

  it('closes what was open before, and leaves a set-group-id bit', () => {
    mkdirSync(sandbox.path('scratch/homes/jdoe'), { recursive: true });
    for (const inside of ['scratch/homes', 'scratch/homes/jdoe']) {
      chownSync(sandbox.path(inside), seed.uid, seed.gid);
      chmodSync(sandbox.path(inside), 0o2775);
    }
    enter('true', { ...lab, SCRATCH_SEED_USER: 'seeder' }, squashed);
    expect((statSync(sandbox.path('scratch/homes/jdoe')).mode & 0o7777).toString(8)).toBe('2770');
  });

  it('takes HF_HOME as given, and falls back where it cannot be written', () => {
    expect(enter('echo $HF_HOME', { ...lab, HF_HOME: '/scratch/shared/hf' }).stdout).toBe(
      '/scratch/shared/hf\n',
    );
    expect(mode('scratch/shared/hf')).toBe('770');
    const ran = enter('echo $HF_HOME', { ...lab, HF_HOME: '/proc/hf' });
    expect(ran.stdout).toBe('/scratch/homes/jdoe/.cache/huggingface\n');
    expect(ran.stderr).toContain('skipped HF_HOME');
  });

  it('says when scratch cannot be written, and still runs the command as the user', () => {
    chownSync(sandbox.path('scratch'), 0, 0);
    chmodSync(sandbox.path('scratch'), 0o700);
    const ran = enter('id -un; printenv ZDOTDIR || echo none', {
      ...user,
      SCRATCH_HOME_ROOT: '/scratch/homes',
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'jdoe\nnone\n' });
    expect(ran.stderr).toContain('skipped scratch: jdoe cannot write /scratch/homes/jdoe');
  });

  it('says that nothing is kept where there is no scratch', () => {
    const ran = enter('pwd', user, { cwd: '/tmp' });
    expect(ran.stdout).toBe('/tmp\n');
    expect(ran.stderr).toContain('skipped scratch: SCRATCH_HOME_ROOT is not set');
  });

  it('says when the scratch home goes with the pod, and only then', () => {
    const says =
      "identity: /scratch/homes/jdoe is on no volume but on this pod's own disk: it goes with the pod";
    expect(enter('true', lab).stderr).toContain(says);
    expect(enter('true', lab, volume('/scratch')).stderr).not.toContain('own disk');
  });

  it('leaves a home alone that is on scratch itself', () => {
    const options = volume('/home');
    mkdirSync(path.join(options.source, 'jdoe/.ssh'), { recursive: true });
    const env = { ...user, SCRATCH_HOME_ROOT: '/home' };
    for (const start of ['first', 'second']) {
      const ran = enter(
        `cd ~; mkdir -p .vscode-server && touch .vscode-server/${start} && ls .vscode-server`,
        env,
        options,
      );
      expect(ran).toMatchObject({ code: 0 });
      expect(ran.stdout).toContain(`${start}\n`);
    }
    // The same folder by two paths, on the container's own disk.
    symlinkSync('/home', sandbox.path('homes'));
    expect(enter('ls ~/.cursor/', { ...user, SCRATCH_HOME_ROOT: '/homes' })).toMatchObject({ code: 0 });
  });

  it('changes nothing in a home that is on a volume of its own', () => {
    const options = volume('/home/jdoe');
    const files = { '.ssh/id_ed25519': 'mine', '.ssh/config': 'mine', 'other/file': 'theirs' };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.join(options.source, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(options.source, name), content);
    }
    symlinkSync('/elsewhere', path.join(options.source, '.vscode'));
    const before = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %U %m %l\n'], {
      cwd: options.source,
      encoding: 'utf8',
    });
    const env = { ...lab, SSH_PRIVATE_KEY_B64: 'a2V5', SSH_PUBLIC_KEY: 'ssh-ed25519 AAAA' };
    const ran = enter('echo "${SSH_PRIVATE_KEY_B64-gone}"', env, options);
    expect(ran).toMatchObject({ code: 0, stdout: 'gone\n' });
    expect(ran.stderr).toContain('skipped .ssh: /home/jdoe is on a volume, where no key is written');
    const after = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %U %m %l\n'], {
      cwd: options.source,
      encoding: 'utf8',
    });
    expect(after).toBe(before);
    expect(statSync(options.source).uid).toBe(123456);
  });

  it('makes a working directory that is not on scratch', () => {
    expect(enter('pwd; touch here', { ...user, WORKING_DIR: '/data/desk' }).code).toBe(0);
    expect(owner('data/desk/here').uid).toBe(123456);
  });

  it('hands the pod’s work directory to the user', () => {
    sandbox.write('kube-toolbox/workspace/example/train.py', '');
    enter('echo x >>/kube-toolbox/workspace/example/train.py', {
      ...user,
      TOOLBOX_WORK: '/kube-toolbox/workspace',
    });
    expect(text('kube-toolbox/workspace/example/train.py')).toBe('x\n');
  });
});

describe('keys', () => {
  const key = `-----BEGIN KEY-----\n${randomSecret()}\n-----END KEY-----\n`;
  const keys = {
    SSH_PRIVATE_KEY_B64: Buffer.from(key).toString('base64'),
    SSH_PUBLIC_KEY: 'ssh-ed25519 AAAAC3Nz jdoe@here',
    SSH_KNOWN_HOSTS: 'github.com ssh-ed25519 AAAAC3Nx',
  };

  it('writes .ssh anew at each start, with the right modes', () => {
    sandbox.write('home/jdoe/.ssh/config', 'stale');
    expect(enter('cat ~/.ssh/id_rsa', { ...lab, ...keys }).stdout).toBe(key);
    expect(readdirSync(sandbox.path('home/jdoe/.ssh')).sort()).toEqual([
      'id_rsa',
      'id_rsa.pub',
      'known_hosts',
    ]);
    expect(mode('home/jdoe/.ssh')).toBe('700');
    expect(mode('home/jdoe/.ssh/id_rsa')).toBe('600');
    expect(mode('home/jdoe/.ssh/id_rsa.pub')).toBe('644');
    expect(mode('home/jdoe/.ssh/known_hosts')).toBe('644');
    expect(text('home/jdoe/.ssh/id_rsa.pub')).toBe(`${keys.SSH_PUBLIC_KEY}\n`);
    expect(text('home/jdoe/.ssh/known_hosts')).toBe(`${keys.SSH_KNOWN_HOSTS}\n`);
  });

  it('takes the private key out of the command’s environment', () => {
    expect(enter('printenv SSH_PRIVATE_KEY_B64; env', { ...lab, ...keys }).stdout).not.toContain(
      keys.SSH_PRIVATE_KEY_B64,
    );
  });

  it('leaves nothing secret on scratch, in a file outside .ssh, or in the log', () => {
    const ran = enter('git config --global user.name; true', {
      ...lab,
      ...keys,
      SCRATCH_SEED_USER: 'seeder',
      GIT_USER_NAME: 'J. Doe',
      WANDB_API_KEY: randomSecret(),
    });
    expect(ran.code).toBe(0);
    const middle = key.split('\n')[1] as string;
    for (const secret of [middle, keys.SSH_PRIVATE_KEY_B64]) {
      expect(ran.stdout + ran.stderr).not.toContain(secret);
      const found = grep(secret, sandbox.root);
      expect(found).toEqual(secret === middle ? [sandbox.path('home/jdoe/.ssh/id_rsa')] : []);
    }
  });

  it('does not follow a link from the home to scratch', () => {
    mkdirSync(sandbox.path('scratch/homes/jdoe/old-ssh'), { recursive: true });
    execFileSync('chown', ['-R', '123456:83070', sandbox.path('scratch/homes')]);
    mkdirSync(sandbox.path('home/jdoe'));
    symlinkSync('/scratch/homes/jdoe/old-ssh', sandbox.path('home/jdoe/.ssh'));
    enter('true', { ...lab, ...keys });
    expect(readdirSync(sandbox.path('scratch/homes/jdoe/old-ssh'))).toEqual([]);
    expect(lstatSync(sandbox.path('home/jdoe/.ssh')).isDirectory()).toBe(true);

    execFileSync('rm', ['-rf', sandbox.path('home/jdoe')]);
    symlinkSync('/scratch/homes/jdoe', sandbox.path('home/jdoe'));
    enter('true', { ...lab, ...keys });
    expect(grep(key.split('\n')[1] as string, sandbox.path('scratch'))).toEqual([]);
  });

  it('writes no key where the whole home is on scratch', () => {
    const options = volume('/scratch');
    execFileSync('rm', ['-rf', sandbox.path('home')]);
    symlinkSync('/scratch/homes', sandbox.path('home'));
    const ran = enter('true', { ...lab, ...keys }, options);
    expect(ran.stderr).toContain('skipped .ssh: /home/jdoe is on a volume, where no key is written');
    expect(grep(key.split('\n')[1] as string, sandbox.root)).toEqual([]);
  });

  it('touches no .ssh that is mounted, nor a folder that is mounted in one', () => {
    const own = volume('/home/jdoe/.ssh');
    writeFileSync(path.join(own.source, 'id_ed25519'), 'mine');
    const ran = enter('cat ~/.ssh/id_ed25519', { ...lab, ...keys }, own);
    expect(ran.stdout).toBe('mine');
    expect(ran.stderr).toContain('skipped .ssh: /home/jdoe/.ssh is on a volume');
    const inside = volume('/home/jdoe/.ssh/team');
    writeFileSync(path.join(inside.source, 'key'), 'theirs');
    expect(enter('cat ~/.ssh/team/key ~/.ssh/id_rsa', { ...lab, ...keys }, inside).stdout).toBe(
      `theirs${key}`,
    );
  });

  it('leaves what the image has in .ssh where none is given', () => {
    sandbox.write('home/jdoe/.ssh/known_hosts', 'image');
    expect(enter('cat ~/.ssh/known_hosts', lab).stdout).toBe('image');
    sandbox.write('app/.ssh/known_hosts', 'image');
    const as = ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', 'sh', entrypoint];
    execFileSync('chown', ['-R', '1000:1000', sandbox.path('app')]);
    const ran = sandbox.run([...as, 'cat', '/app/.ssh/known_hosts'], { env: { ...user, HOME: '/app' } });
    expect(ran.stdout).toBe('image');
  });

  it('knows a volume in an image without any tools, and takes what it cannot tell for one', () => {
    const options = volume('/mnt/my data');
    const code = (place: string) =>
      sandbox.run(['/bin/sh', '/kube-toolbox/scripts/pod-local.sh', place], {
        ...options,
        env: { PATH: '/none' },
      }).code;
    expect(['/', '/home', '/yet/to/be'].map(code)).toEqual([0, 0, 0]);
    expect(['/mnt/my data', '/mnt/my data/new', '/proc', '/dev/shm/x'].map(code)).toEqual([1, 1, 1, 1]);
    symlinkSync('/mnt/my data', sandbox.path('link'));
    symlinkSync('/nowhere', sandbox.path('dangling'));
    expect(['/link/x', '/dangling'].map(code)).toEqual([1, 1]);
  });

  it('says when the key is not base64, without printing it', () => {
    const ran = enter('ls ~/.ssh', { ...lab, SSH_PRIVATE_KEY_B64: '!!not-base64!!' });
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toContain('SSH_PRIVATE_KEY_B64 is not valid base64');
    expect(ran.stderr).not.toContain('!!not');
  });

  it('sets git’s identity where there is none', () => {
    const names = { GIT_USER_NAME: 'J. "Q" Doe; $(id)', GIT_USER_EMAIL: 'j@example.org' };
    const print = 'git config --global user.name; git config --global user.email';
    expect(enter(print, { ...lab, ...names }).stdout).toBe('J. "Q" Doe; $(id)\nj@example.org\n');
    expect(enter(print, { ...lab, GIT_USER_NAME: 'Somebody Else' }).stdout).toBe(
      'J. "Q" Doe; $(id)\nj@example.org\n',
    );
  });
});

describe('handing over', () => {
  it('preserves the environment, arguments and standard input', () => {
    const ran = sandbox.run(
      ['sh', entrypoint, 'bash', '-c', 'printf "<%s>" "$ODD" "$@"; cat', 'bash', 'a b', '', '*', 'c\nd'],
      {
        env: { ...lab, ODD: ` $HOME 'q' "d" ;\n\\` },
        input: 'typed',
      },
    );
    expect(ran.stdout).toBe(`< $HOME 'q' "d" ;\n\\><a b><><*><c\nd>typed`);
  });

  it('runs the command as the child of process 1', () => {
    expect(enter('echo $PPID', user).stdout).toBe('1\n');
  });

  it('says 128 and the signal’s number for a command that a signal ended', () => {
    expect(enter('kill -KILL $$', user).code).toBe(137);
    expect(enter('kill -INT $$', user).code).toBe(130);
  });

  it('says 127 for a command that is not there', () => {
    expect(sandbox.run(['sh', entrypoint, 'no-such-command'], { env: user }).code).toBe(127);
  });

  it('passes a signal on more than once', async () => {
    const command =
      'n=0; trap "n=\\$((n + 1)); echo got \\$n" USR1; echo ready; while [ $n -lt 3 ]; do sleep 0.02; done; exit 3';
    const started = sandbox.start(['sh', entrypoint, 'bash', '-c', command], { env: user });
    await started.printed('ready');
    for (const n of [1, 2, 3]) {
      started.kill('SIGUSR1');
      await started.printed(`got ${n}`);
    }
    expect((await started.ended()).code).toBe(3);
  });
});

describe('without an identity', () => {
  it('logs one line and runs the command as it is', () => {
    const ran = enter('id -u; umask; pwd; exit 4', {}, { cwd: '/tmp' });
    expect(ran).toMatchObject({ code: 4, stdout: '0\n0022\n/tmp\n' });
    expect(ran.stderr).toBe(
      'kube-toolbox: identity: none is given (NB_USER and so on); the command runs as it is\n',
    );
    expect(readdirSync(sandbox.path('home'))).toEqual(['ubuntu']);
  });

  it('names what is missing of an incomplete one', () => {
    const { NB_GID, ...rest } = lab;
    const ran = enter('id -u', rest);
    expect(ran).toMatchObject({ code: 0, stdout: '0\n' });
    expect(ran.stderr).toBe(
      'kube-toolbox: identity: incomplete, without NB_GID; the command runs as it is\n',
    );
  });
});

describe('as another user than root', () => {
  const as = ['setpriv', '--reuid=123456', '--regid=83070', '--clear-groups', 'sh', entrypoint];

  it('does what it can and says what it skipped', () => {
    const ran = sandbox.run(
      [...as, 'bash', '-c', 'id -u; pwd; umask; echo "$HOME"; ls -A ~; printenv UV_CACHE_DIR; exit 6'],
      {
        env: { ...lab, HOME: '/', SSH_PRIVATE_KEY_B64: Buffer.from('key').toString('base64') },
      },
    );
    expect(ran.code).toBe(6);
    expect(ran.stdout).toMatch(
      /^123456\n\/scratch\/homes\/jdoe\/project\n0007\n\/tmp\/home\.\w+\n(\.\w[\w-]*\n)*\/scratch\/homes\/jdoe\/\.cache\/uv\n$/,
    );
    expect(ran.stdout).toContain('\n.ssh\n');
    expect(ran.stderr).toContain(
      'skipped the account jdoe, sudo and the seed user: the container runs as user 123456, not as root',
    );
    expect(owner('scratch/homes/jdoe/project')).toEqual({ uid: 123456, gid: 83070 });
    expect(text('etc/passwd')).not.toContain('jdoe');
  });
});

describe('hostile values', () => {
  const marks = [
    'a b',
    `a'b`,
    'a"b',
    'a;touch /tmp/pwned',
    'a\nroot::0:0::/:/bin/sh',
    'a$(touch /tmp/pwned)',
    'a`touch /tmp/pwned`',
    'a:b',
    '-x',
    '../x',
    'ä',
    '*',
  ];

  it.each(marks)('refuses %j as a name', (value) => {
    const before = text('etc/passwd') + text('etc/group');
    for (const name of ['NB_USER', 'NB_GROUP', 'SCRATCH_SEED_USER']) {
      const ran = sandbox.run(['sh', entrypoint, 'touch', '/tmp/ran'], { env: { ...lab, [name]: value } });
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toMatch(
        new RegExp(`^kube-toolbox: identity: refused the value of ${name}: [^\\n]*\\n$`),
      );
    }
    expect(readdirSync(sandbox.path('tmp'))).toEqual([]);
    expect(text('etc/passwd') + text('etc/group')).toBe(before);
  });

  it.each([
    ['NB_UID', '0'],
    ['NB_UID', '1e3'],
    ['NB_UID', '12 34'],
    ['NB_UID', '$(id -u)'],
    ['NB_UID', '99999999999'],
    ['NB_GID', '0'],
    ['NB_GID', '-1'],
    ['NB_USER', 'root'],
    ['NB_USER', 'x'.repeat(33)],
    ['SCRATCH_SEED_USER', '0'],
    ['SCRATCH_HOME_ROOT', 'relative'],
    ['SCRATCH_HOME_ROOT', '/scratch/../etc'],
    ['WORKING_DIR', '/a;touch /tmp/pwned'],
    ['WORKING_DIR', '/a\n/b'],
    ['HF_HOME', '/a"b'],
    ['NB_SHELL', '/bin/sh -c id'],
    ['SHELL_SKELETON', '/$(id)'],
    ['GIT_USER_NAME', 'a\nb'],
  ])('refuses %s=%j', (name, value) => {
    const ran = sandbox.run(['sh', entrypoint, 'touch', '/tmp/ran'], { env: { ...lab, [name]: value } });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`refused the value of ${name}: `);
    expect(readdirSync(sandbox.path('tmp'))).toEqual([]);
  });
});

/** A volume: a folder of the sandbox that is mounted, on the same device as all the rest. */
function volume(target: string): RunOptions & { readonly source: string } {
  const source = sandbox.path(`volumes${target}`);
  mkdirSync(source, { recursive: true });
  if (target === '/scratch') {
    chownSync(source, seed.uid, seed.gid);
    chmodSync(source, 0o770);
  }
  return { source, mounts: [{ source, target }] };
}

/** The files below a folder that hold a text. */
function grep(wanted: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && readFileSync(file).includes(wanted)) found.push(file);
  }
  return found;
}
