import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Image } from '../fakes/kubelet.ts';
import { addProgram, minimalFiles } from './minimal-root.ts';
import { debianFiles, Sandbox } from './sandbox.ts';

/** The images of a pod: a small Debian with bash and Python alone, and the toolbox's. */
export class PodImages {
  readonly #plain = new Sandbox(minimalFiles, { bare: true });
  readonly #debian = new Sandbox(debianFiles, { bare: true });
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'toolbox-image-'));
  readonly #python = addPython(this.#plain);

  constructor() {
    execFileSync('container/install.sh', [path.join(this.#folder, 'toolbox')], { stdio: 'pipe' });
  }

  /** An image that people bring. */
  get plain(): Image {
    const target = `/usr/lib/${path.basename(this.#python)}`;
    const shares = [{ source: this.#python, target, readOnly: true }];
    return { root: this.#plain.root, env: { PATH: debianPath }, workingDir: '/', shares };
  }

  /** The same for people who are not root in it. */
  get notRoot(): Image {
    return { ...this.plain, user: 1000 };
  }

  get toolbox(): Image {
    const shares = [{ source: path.join(this.#folder, 'toolbox'), target: '/opt/toolbox', readOnly: true }];
    return {
      root: this.#debian.root,
      env: { PATH: `/opt/toolbox/bin:${debianPath}` },
      workingDir: '/',
      shares,
    };
  }

  /** As the toolbox image, without the toolbox. */
  get debian(): Image {
    return { root: this.#debian.root, env: { PATH: debianPath }, workingDir: '/' };
  }

  [Symbol.dispose](): void {
    this.#plain[Symbol.dispose]();
    this.#debian[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const debianPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Python itself is copied; its library, whose folder is returned, is left to be mounted. */
function addPython(root: Sandbox): string {
  const show = 'import os, sys; print(os.path.realpath(sys.executable)); print(os.path.dirname(os.__file__))';
  const [program = '', library = ''] = execFileSync('python3', ['-c', show], { encoding: 'utf8' }).split(
    '\n',
  );
  addProgram(root.root, program, 'python3');
  return library;
}
