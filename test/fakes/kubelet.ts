import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Mount, type Ran, Sandbox, type Started } from '../container/sandbox.ts';
import { entriesOf, type Find, fieldOf, type Manifest, makeVolume } from './kubelet-volumes.ts';

/** What of an image the kubelet uses. */
export interface Image {
  /** Its root file system; each container gets a copy. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** What belongs to it, but is not copied. */
  readonly shares?: readonly Mount[];
  /** Numeric user and group; default root. */
  readonly user?: number;
}

export interface Node {
  readonly images: Readonly<Record<string, Image>>;
  /** Folders that stand for the volumes of claims. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly find: Find;
  /** Whether volumes of claims treat root as nobody, as exports do. */
  readonly squashesRoot?: boolean;
}

/** Capabilities that containers lack by default, of those that root has. */
const without = ['dac_read_search', 'linux_immutable', 'net_admin', 'ipc_lock', 'ipc_owner', 'sys_module']
  .concat(['sys_rawio', 'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice', 'sys_resource'])
  .concat(['sys_time', 'sys_tty_config', 'lease', 'audit_control', 'mac_admin', 'mac_override', 'syslog']);

/** Fields of a pod that are known here; another one is a reason to look at what a kubelet does with it. */
const podFields =
  'restartPolicy securityContext terminationGracePeriodSeconds imagePullSecrets initContainers containers volumes';
const containerFields =
  'name image command args workingDir env envFrom resources volumeMounts restartPolicy securityContext';

/**
 * Runs a pod for real, as a kubelet and its container runtime do: volumes; init containers in order, each to its
 * end; sidecars beside; the main container; on deletion SIGTERM to the main container, and to the sidecars once
 * it has ended, and SIGKILL to what is left after the grace period. A container is process 1 of its own
 * root file system. Facts from the Kubernetes documentation ("Pod Lifecycle", "Sidecar Containers", "Define
 * Dependent Environment Variables") and from pkg/kubelet/kuberuntime and pkg/volume/util of Kubernetes 1.36.
 */
export class PodRun {
  /** By container, once it has ended. */
  readonly ended = new Map<string, Ran>();
  readonly #pod: Manifest;
  readonly #node: Node;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'toolbox-pod-'));
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #running = new Map<string, Started>();
  readonly #sidecars: string[] = [];

  /** @param pod a Pod, or the template of a Job with a name */
  constructor(pod: Manifest, node: Node) {
    this.#pod = pod;
    this.#node = node;
    mkdirSync(path.join(this.#folder, 'volumes'));
    writeFileSync(this.#hosts, `127.0.0.1 localhost bucket.example.org\n127.0.0.1 ${pod['metadata'].name}\n`);
    refuseUnknown(pod['spec'], podFields);
    for (const volume of pod['spec'].volumes ?? []) {
      if (volume.persistentVolumeClaim === undefined)
        makeVolume(volume, this.#volume(volume.name), pod, node.find);
    }
  }

  /** Starts the pod; returns once the main container runs, or an init container failed. */
  async start(): Promise<void> {
    for (const container of this.#pod['spec'].initContainers ?? []) {
      const started = this.#start(container);
      if (container.restartPolicy === 'Always') {
        this.#sidecars.unshift(container.name);
        continue;
      }
      const ran = await started.ended();
      this.ended.set(container.name, ran);
      if (ran.code !== 0) return await this.#stopSidecars(Date.now() + this.#grace * 1000);
    }
    const [main, ...others] = this.#pod['spec'].containers;
    if (others.length > 0) throw new Error('one container is expected');
    this.#start(main);
  }

  /** Waits until the pod has ended by itself. */
  async wait(): Promise<Ran> {
    const main = await this.main.ended();
    this.ended.set('main', main);
    await this.#stopSidecars(Date.now() + this.#grace * 1000);
    return main;
  }

  /** Deletes the pod, and waits until it is gone. */
  async delete(): Promise<Ran> {
    const deadline = Date.now() + this.#grace * 1000;
    this.main.kill('SIGTERM');
    const main = await endOf(this.main, this.#grace);
    this.ended.set('main', main);
    await this.#stopSidecars(deadline);
    return main;
  }

  get main(): Started {
    return this.container('main');
  }

  container(name: string): Started {
    const found = this.#running.get(name);
    if (found === undefined) throw new Error(`container ${name} has not been started: ${this.logs()}`);
    return found;
  }

  /** Where a path of a container is, seen from outside; not below its volumes. */
  path(container: string, inside: string): string {
    const sandbox = this.#sandboxes.get(container);
    if (sandbox === undefined) throw new Error(`container ${container} has not been started`);
    return sandbox.path(inside);
  }

  /** What all containers that have ended wrote. */
  logs(): string {
    return [...this.ended]
      .map(([name, { code, stdout, stderr }]) => `${name}: ${code}\n${stdout}${stderr}`)
      .join('');
  }

  [Symbol.dispose](): void {
    for (const started of this.#running.values()) started.abandon();
    for (const sandbox of this.#sandboxes.values()) sandbox[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #grace(): number {
    return this.#pod['spec'].terminationGracePeriodSeconds ?? 30;
  }

  /** Kept by the kubelet: whatever the image has. */
  get #hosts(): string {
    return path.join(this.#folder, 'hosts');
  }

  #volume(name: string): string {
    return path.join(this.#folder, 'volumes', name);
  }

  /** One after another, in what is left of the time: each has two seconds at least. */
  async #stopSidecars(deadline: number): Promise<void> {
    for (const name of this.#sidecars) {
      const started = this.container(name);
      started.kill('SIGTERM');
      this.ended.set(name, await endOf(started, Math.max(2, (deadline - Date.now()) / 1000)));
    }
  }

  #start(container: Manifest): Started {
    refuseUnknown(container, containerFields);
    const image = this.#node.images[container['image']];
    if (image === undefined) throw new Error(`ErrImagePull: ${container['image']}`);
    const sandbox = new Sandbox((root) => execFileSync('cp', ['-a', `${image.root}/.`, root]), {
      bare: true,
    });
    this.#sandboxes.set(container['name'], sandbox);
    const own = this.#env(container);
    const env = { ...image.env, ...this.#given, ...Object.fromEntries(own) };
    const words = [...(container['command'] ?? []), ...(container['args'] ?? [])].map((word) =>
      expand(word, own),
    );
    const security = { ...this.#pod['spec'].securityContext, ...container['securityContext'] };
    const uid = security.runAsUser ?? image.user ?? 0;
    const started = sandbox.start(words, {
      env: { HOME: homeOf(uid, sandbox), ...env },
      cwd: container['workingDir'] ?? image.workingDir,
      mounts: [
        ...(image.shares ?? []),
        { source: this.#hosts, target: '/etc/hosts' },
        ...(container['volumeMounts'] ?? []).map((mount: Manifest) => this.#mount(mount)),
      ],
      without: this.#node.squashesRoot === true ? [...without, 'dac_override', 'fowner'] : without,
      as: {
        uid,
        gid: security.runAsGroup ?? image.user ?? 0,
        groups: security.fsGroup === undefined ? [] : [security.fsGroup],
      },
    });
    this.#running.set(container['name'], started);
    return started;
  }

  #mount({ name, mountPath, readOnly, ...rest }: Manifest): Mount {
    refuseUnknown(rest, '');
    const volume = this.#pod['spec'].volumes.find((each: Manifest) => each['name'] === name);
    if (volume === undefined) throw new Error(`there is no volume ${name}`);
    const claim = volume.persistentVolumeClaim?.claimName;
    const source = claim === undefined ? this.#volume(name) : this.#node.claims?.[claim];
    if (source === undefined) throw new Error(`there is no claim ${claim}`);
    const isProjected = claim === undefined && volume.emptyDir === undefined;
    return { source, target: mountPath, readOnly: readOnly === true || isProjected };
  }

  get #given(): Readonly<Record<string, string>> {
    return {
      HOSTNAME: this.#pod['metadata'].name,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: '9',
    };
  }

  /** Those of `envFrom`, then `env`, each of which sees those before it; the image's are not seen. */
  #env(container: Manifest): Map<string, string> {
    const own = new Map<string, string>();
    for (const { secretRef, configMapRef, prefix = '' } of container['envFrom'] ?? []) {
      const object = secretRef
        ? this.#node.find('Secret', secretRef.name)
        : this.#node.find('ConfigMap', configMapRef.name);
      for (const [key, bytes] of entriesOf(object)) own.set(prefix + key, bytes.toString('utf8'));
    }
    for (const { name, value, valueFrom } of container['env'] ?? []) {
      if (valueFrom === undefined) own.set(name, expand(value ?? '', own));
      else if (valueFrom.fieldRef !== undefined)
        own.set(name, fieldOf(this.#pod, valueFrom.fieldRef.fieldPath));
      else if (valueFrom.secretKeyRef !== undefined) {
        const { name: secret, key } = valueFrom.secretKeyRef;
        const bytes = entriesOf(this.#node.find('Secret', secret)).get(key);
        if (bytes === undefined) throw new Error(`CreateContainerConfigError: ${secret} has no ${key}`);
        own.set(name, bytes.toString('utf8'));
      } else throw new Error(`the kubelet of the tests does not know ${JSON.stringify(valueFrom)}`);
    }
    return own;
  }
}

/** As the container runtime sets it where nobody else does. */
function homeOf(uid: number, image: Sandbox): string {
  const accounts = readFileSync(image.path('etc/passwd'), 'utf8').split('\n');
  return accounts.map((line) => line.split(':')).find((fields) => fields[2] === String(uid))?.[5] ?? '/';
}

/** `$(NAME)` is replaced where it is known, `$$` is `$`. */
function expand(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
    name === undefined ? '$' : (env.get(name) ?? found),
  );
}

function refuseUnknown(object: Manifest, known: string): void {
  for (const field of Object.keys(object)) {
    if (!known.split(' ').includes(field))
      throw new Error(`the kubelet of the tests does not know "${field}"`);
  }
}

/** Its end, by SIGKILL if need be. */
async function endOf(started: Started, grace: number): Promise<Ran> {
  const timer = setTimeout(() => started.kill('SIGKILL'), grace * 1000);
  try {
    return await started.ended();
  } finally {
    clearTimeout(timer);
  }
}
