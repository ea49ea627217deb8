import type { Config } from '../config/config.ts';
import type { ResolvedFields } from '../config/resolved-fields.ts';
import { type Checked, type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import type { IdentityView } from './check-template-identity.ts';
import { contentName } from './content-name.ts';
import { podDotenv, podDotenvText } from './environment.ts';
import {
  managedBy,
  managedByLabel,
  ownSupport,
  projectLabel,
  supportLabel,
  userLabel,
} from './owner-labels.ts';
import type { VolumeSource } from './pod-view.ts';
import {
  appliedBytes,
  asText,
  type FileObject,
  holdsSecret,
  type PackedFiles,
  type ProjectFile,
  packFiles,
  type ReadProjectFiles,
  splitText,
} from './project-files.ts';
import type { RenderedObject } from './rendered-object.ts';

/** Renders and checks one object, or says why not. */
export type RenderObject = (template: string, view: IdentityView) => Checked<RenderedObject>;

/** The variables of `.env` as a Secret. */
export interface EnvSecret {
  readonly variables: ReadonlyMap<string, string>;
  /** `undefined` where there are no variables. */
  readonly object: RenderedObject | undefined;
}

export interface MountedFiles {
  readonly objects: readonly RenderedObject[];
  readonly sources: readonly VolumeSource[];
  /** Paths of files that come in pieces, see `packFiles`. */
  readonly split: readonly string[];
  /** Paths of files that nobody else may read. */
  readonly secret: readonly string[];
}

/**
 * The objects that workloads share, each made once for its content: the Secret of `.env`, files in Secrets and
 * ConfigMaps, scripts and long commands in ConfigMaps.
 */
export class SupportObjects {
  readonly #config: Config;
  readonly #secretKey: Uint8Array;
  readonly #readFiles: ReadProjectFiles;
  readonly #render: RenderObject;
  readonly #made = new Map<string, unknown>();
  readonly #texts = new WeakMap<object, Checked<RenderedObject>>();

  constructor(config: Config, secretKey: Uint8Array, readFiles: ReadProjectFiles, render: RenderObject) {
    this.#config = config;
    this.#secretKey = secretKey;
    this.#readFiles = readFiles;
    this.#render = render;
  }

  env(endpoints: ResolvedFields['endpoint_map']): Checked<EnvSecret> {
    return this.#once(`env ${JSON.stringify(endpoints ?? {})}`, (): Checked<EnvSecret> => {
      const variables = podDotenv(this.#config.dotenv, endpoints);
      const diagnostics = [...variables.keys()].flatMap(wrongVariable);
      if (diagnostics.length > 0) return { ok: false, diagnostics };
      if (variables.size === 0) return { ok: true, value: { variables, object: undefined }, diagnostics };
      const data = Object.fromEntries(
        [...variables].map(([name, value]) => [name, toBase64(Buffer.from(value))]),
      );
      const object = this.#secret('env', data);
      return object.ok ? { ...object, value: { variables, object: object.value } } : object;
    });
  }

  /** The `file:` entries. */
  files(
    entries: readonly string[] | null | undefined,
    endpoints: ResolvedFields['endpoint_map'],
  ): Checked<MountedFiles> {
    const list = entries ?? [];
    return this.#once(`files ${JSON.stringify([list, endpoints ?? {}])}`, (): Checked<MountedFiles> => {
      const diagnostics: Diagnostic[] = [];
      const found = new Map<string, ProjectFile>();
      for (const entry of new Set(list)) {
        const read = this.#readFiles(entry);
        diagnostics.push(...read.diagnostics);
        if (read.ok) for (const file of read.value) found.set(file.path, forPod(file, endpoints));
      }
      const secrets = [...this.#config.dotenv.variables.values()];
      const packed = packFiles([...found.values()], (file) => holdsSecret(file, secrets));
      if (!packed.ok) return { ok: false, diagnostics: [...diagnostics, ...packed.diagnostics] };
      if (diagnostics.some((each) => each.severity === 'error')) return { ok: false, diagnostics };
      return this.#mount(packed.value, diagnostics);
    });
  }

  /** A command too long for an annotation, in pieces. */
  command(command: string): Checked<readonly RenderedObject[]> {
    const objects: RenderedObject[] = [];
    for (const [index, piece] of splitText(command).entries()) {
      const key = `command.sh.part-${String(index).padStart(3, '0')}`;
      const object = this.texts(ownSupport, { [key]: piece });
      if (!object.ok) return object;
      objects.push(object.value);
    }
    return { ok: true, value: objects, diagnostics: [] };
  }

  /** A ConfigMap of texts: the pod's scripts, a piece of a command. */
  texts(part: string, data: Readonly<Record<string, string>>): Checked<RenderedObject> {
    const known = this.#texts.get(data);
    if (known !== undefined) return known;
    const name = contentName(this.#owner, part, JSON.stringify(data));
    const made = this.#once(name, () =>
      this.#render('configmap.yaml', { ...this.#head(name, part), data, binaryData: undefined }),
    );
    this.#texts.set(data, made);
    return made;
  }

  get labels(): Readonly<Record<string, string>> {
    return {
      [userLabel]: this.#owner.user,
      [projectLabel]: this.#owner.project,
      [managedByLabel]: managedBy,
    };
  }

  #mount(packed: PackedFiles, diagnostics: Diagnostic[]): Checked<MountedFiles> {
    const objects: RenderedObject[] = [];
    const sources: VolumeSource[] = [];
    for (const each of packed.objects) {
      const object = each.secret ? this.#secretFiles(each) : this.#plainFiles(each);
      diagnostics.push(...object.diagnostics);
      if (!object.ok) return { ok: false, diagnostics };
      objects.push(object.value);
      const items = each.parts.map(({ key, path, executable }) => ({
        key,
        path,
        ...(executable && { mode: 0o755 }),
      }));
      const source = { name: object.value.name, items };
      sources.push(each.secret ? { secret: source } : { configMap: source });
    }
    return { ok: true, value: { objects, sources, split: packed.split, secret: packed.secret }, diagnostics };
  }

  #secretFiles(object: FileObject): Checked<RenderedObject> {
    return this.#secret(
      'files',
      Object.fromEntries(object.parts.map(({ key, bytes }) => [key, toBase64(bytes)])),
    );
  }

  #plainFiles(object: FileObject): Checked<RenderedObject> {
    const data: Record<string, string> = {};
    const binaryData: Record<string, string> = {};
    for (const { key, bytes } of object.parts) {
      const text = asText(bytes);
      const base64 = (bytes.length * 4) / 3 + 4;
      if (text === undefined || appliedBytes(text) > Math.max(base64, 4096))
        binaryData[key] = toBase64(bytes);
      else data[key] = text;
    }
    const name = contentName(this.#owner, 'files', JSON.stringify([data, binaryData]));
    return this.#render('configmap.yaml', {
      ...this.#head(name, 'files'),
      data: orAbsent(data),
      binaryData: orAbsent(binaryData),
    });
  }

  #secret(part: string, data: Readonly<Record<string, string>>): Checked<RenderedObject> {
    const name = contentName(this.#owner, part, JSON.stringify(data), this.#secretKey);
    return this.#render('secret.yaml', { ...this.#head(name, part), data });
  }

  #head(name: string, part: string) {
    return {
      name,
      namespace: this.#config.project.namespace,
      labels: { ...this.labels, [supportLabel]: part },
    };
  }

  get #owner() {
    return { user: this.#config.project.user ?? '', project: this.#config.project.project_name };
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }
}

/** The file as it arrives: `.env` with the changes its variables have, others as they are. */
function forPod(file: ProjectFile, endpoints: ResolvedFields['endpoint_map']): ProjectFile {
  if (file.path !== '.env') return file;
  // Latin-1 keeps every byte, whatever the file's encoding.
  const text = Buffer.from(file.bytes).toString('latin1');
  return { ...file, bytes: Buffer.from(podDotenvText(text, endpoints), 'latin1') };
}

function wrongVariable(name: string): readonly Diagnostic[] {
  if (/^[A-Za-z_.-][\w.-]*$/.test(name)) return [];
  return [
    errorDiagnostic('RENDER_BAD_ENV', `"${name}" in .env is no name for a variable`, {
      hint: 'use letters, digits and "_", not beginning with a digit',
    }),
  ];
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function orAbsent<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}
