import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What one run inside a sandbox came to. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Directory inside; default `/`. */
  readonly cwd?: string;
  readonly input?: string;
  /** Linux capabilities that root does not have inside: `dac_override` is how an export squashes root. */
  readonly without?: readonly string[];
  /** Folders and files of this machine that are seen inside. */
  readonly mounts?: readonly Mount[];
  /** Who the command runs as; default root. */
  readonly as?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
}

export interface Mount {
  readonly source: string;
  /** Path inside; made where it is not there. */
  readonly target: string;
  readonly readOnly?: boolean;
}

const scripts = path.resolve('container');

/**
 * A throw-away root file system in which a command is process 1: the machine's own `/usr`, read-only, under an
 * `/etc`, `/home` and `/scratch` of its own. What the command leaves is looked at from outside, under `root`.
 */
export class Sandbox {
  readonly root: string;

  /** @param options `bare`: without the scripts and the work directory of a pod, which volumes then bring */
  constructor(prepare: (root: string) => void = debianFiles, options: { readonly bare?: boolean } = {}) {
    if (process.getuid?.() !== 0) throw new Error('tests of the container side must run as root');
    this.root = mkdtempSync(path.join(tmpdir(), 'toolbox-root-'));
    // The users inside walk through it.
    chmodSync(this.root, 0o755);
    for (const folder of ['proc', 'dev', 'tmp', 'root', 'home', 'opt', 'run', 'etc'])
      mkdirSync(this.path(folder), { recursive: true });
    chmodSync(this.path('tmp'), 0o1777);
    chmodSync(this.path('root'), 0o700);
    prepare(this.root);
    if (options.bare === true) return;
    mkdirSync(this.path('scratch'));
    mkdirSync(this.path('kube-toolbox/workspace'), { recursive: true });
    chmodSync(this.path('kube-toolbox/workspace'), 0o777);
    cpSync(scripts, this.path('kube-toolbox/scripts'), { recursive: true });
  }

  /** Where a path inside is, seen from outside. */
  path(inside: string): string {
    return path.join(this.root, inside);
  }

  write(inside: string, text: string, mode = 0o644): void {
    mkdirSync(path.dirname(this.path(inside)), { recursive: true });
    writeFileSync(this.path(inside), text);
    chmodSync(this.path(inside), mode);
  }

  /** Runs a command inside to its end. Throws where the machine cannot make the sandbox. */
  run(command: readonly string[], options: RunOptions = {}): Ran {
    const [file, ...args] = this.#command(command, options);
    const { status, signal, stdout, stderr, error } = spawnSync(file as string, args, {
      env: { ...options.env, PATH: pathInside },
      input: options.input ?? '',
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    if (error !== undefined) throw error;
    if (stderr.includes('unshare: unshare failed') || stderr.includes('mount: '))
      throw new Error(`the tests need to make mount and process namespaces: ${stderr}`);
    return { code: status, signal, stdout, stderr };
  }

  /** Starts a command inside, for tests that send it signals. */
  start(command: readonly string[], options: RunOptions = {}): Started {
    const [file, ...args] = this.#command(command, options);
    return new Started(
      spawn(file as string, args, {
        env: { ...options.env, PATH: pathInside },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  #command(command: readonly string[], options: RunOptions): readonly string[] {
    const { without = [], as } = options;
    const drop =
      without.length === 0
        ? ''
        : `$(command -v setpriv) --bounding-set=${without.map((name) => `-${name}`).join(',')}`;
    const become =
      as === undefined ? '' : `--userspec=${as.uid}:${as.gid} --groups=${[as.gid, ...as.groups].join(',')}`;
    const setUp = `
      root=$1 cwd=$2 path=$3; shift 3
      mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount -t tmpfs none "$root/dev/shm" || exit 125
      [ ! -d "$root/usr" ] || [ -e "$root/usr/.own" ] || mount --bind -o ro /usr "$root/usr" || exit 125
      ${(options.mounts ?? []).map((mount) => this.#mount(mount)).join('\n')}
      enter="${drop} $(command -v chroot) ${become}"; PATH=$path
      exec $enter "$root" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$cwd" "$@"`;
    return [
      'unshare',
      ...['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
      ...['sh', '-c', setUp, 'sh', this.root, options.cwd ?? '/', options.env?.['PATH'] ?? pathInside],
      ...command,
    ];
  }

  /** The line that mounts it. */
  #mount({ source, target, readOnly }: Mount): string {
    const place = this.path(target);
    if (statSync(source).isDirectory()) mkdirSync(place, { recursive: true });
    else this.write(target, '');
    const bind = `mount --bind '${source}' '${place}'`;
    return `${bind}${readOnly === true ? ` && mount -o remount,bind,ro '${place}'` : ''} || exit 125`;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A running sandbox. */
export class Started {
  readonly #process: ChildProcess;
  readonly #ended: Promise<Ran>;
  #stdout = '';
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#process = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) =>
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  /** Waits until it has printed a text. */
  async printed(text: string): Promise<void> {
    while (!this.#stdout.includes(text) && !this.#stderr.includes(text)) {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`ended without printing ${text}:\n${this.#stdout}\n${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Sends a signal to process 1 of the sandbox, as Kubernetes does. */
  kill(signal: NodeJS.Signals): void {
    // The direct child is `unshare`; its only child is process 1.
    const found = spawnSync('cat', [`/proc/${this.#process.pid}/task/${this.#process.pid}/children`], {
      encoding: 'utf8',
    });
    const pid = Number(found.stdout.trim().split(' ')[0]);
    if (!(pid > 1)) throw new Error('the sandbox has no process 1');
    process.kill(pid, signal);
  }

  ended(): Promise<Ran> {
    return this.#ended;
  }

  /** Kills what is left of it. */
  abandon(): void {
    this.#process.kill('SIGKILL');
  }
}

const pathInside = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a Debian image has in `/etc`, the few accounts included. */
export function debianFiles(root: string): void {
  mkdirSync(path.join(root, 'usr'));
  for (const name of ['bin', 'sbin', 'lib', 'lib64'])
    if (existsSync(`/usr/${name}`)) symlinkSync(`usr/${name}`, path.join(root, name));
  for (const name of ['pam.d', 'security', 'nsswitch.conf', 'login.defs', 'ld.so.cache'])
    if (existsSync(`/etc/${name}`))
      cpSync(`/etc/${name}`, path.join(root, 'etc', name), { recursive: true, verbatimSymlinks: true });
  const etc = (name: string, text: string, mode = 0o644) => {
    mkdirSync(path.dirname(path.join(root, 'etc', name)), { recursive: true });
    writeFileSync(path.join(root, 'etc', name), text);
    chmodSync(path.join(root, 'etc', name), mode);
  };
  etc('passwd', accounts.join('\n'));
  etc('group', groups.join('\n'));
  etc(
    'shadow',
    'root:*:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\nseeder:!:19000:0:99999:7:::\n',
    0o600,
  );
  etc('hosts', '127.0.0.1 localhost\n');
  etc('skel/.profile', '# from skel\n');
  etc('sudoers', 'Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n', 0o440);
  mkdirSync(path.join(root, 'etc/sudoers.d'), { mode: 0o755 });
  mkdirSync(path.join(root, 'home/ubuntu'));
}

const accounts = [
  'root:x:0:0:root:/root:/bin/bash',
  'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
  'ubuntu:x:1000:1000:Ubuntu,,,:/home/ubuntu:/bin/bash',
  'seeder:x:4242:4242::/nonexistent:/usr/sbin/nologin',
  '',
];

const groups = [
  'root:x:0:',
  'daemon:x:1:',
  'audio:x:29:ubuntu,daemon',
  'ubuntu:x:1000:',
  'video:x:44:daemon',
  'seeder:x:4242:',
  '',
];

/** A text that no program would print by chance. */
export function randomSecret(): string {
  return randomBytes(48).toString('base64');
}
