import { randomUUID } from 'node:crypto';
import { withManagedFields } from './kubernetes-api-managed-fields.ts';
import { expired, type Kind, type Status } from './kubernetes-api-status.ts';

/** Any API object; the fake reads and writes fields by name. */
export interface ApiObject {
  apiVersion?: string;
  kind?: string;
  metadata: Metadata;
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind, checked against the library's types on entry
  [field: string]: any;
}

export interface Metadata {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
  finalizers?: string[];
}

export interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly plural: string;
  readonly object: ApiObject;
  /** Before the change: a watch with a selector sees an object leave it as DELETED. */
  readonly previous?: ApiObject;
}

/**
 * Objects under one growing resource version, with a history for watches and snapshots for paged lists, as
 * etcd keeps them. Objects are never changed in place: every change stores a new one.
 */
export class Store {
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #texts = new WeakMap<ApiObject, string>();
  readonly #itemTexts = new WeakMap<ApiObject, string>();
  readonly #snapshots = new Map<string, readonly ApiObject[]>();
  readonly #listeners = new Set<(change: Change) => void>();
  #history: Change[] = [];
  #compacted = 0;
  #version = 30_000;
  /** Milliseconds by which this cluster's clock is ahead of the machine's. */
  skew = 0;

  get version(): number {
    return this.#version;
  }

  now(): string {
    return new Date(Date.now() + this.skew).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  get(plural: string, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.#objects.get(plural)?.get(keyOf(namespace, name));
  }

  /** In the order of etcd's keys. */
  list(plural: string, namespace?: string): ApiObject[] {
    const all = [...(this.#objects.get(plural) ?? new Map<string, ApiObject>()).entries()];
    return all
      .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  add(kind: Kind, object: ApiObject): ApiObject {
    const stored: ApiObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: object.metadata.uid ?? randomUUID(),
        resourceVersion: String(this.#version + 1),
        creationTimestamp: this.now(),
      },
    };
    this.#put(kind.plural, stored);
    this.#record({ type: 'ADDED', plural: kind.plural, object: stored });
    return stored;
  }

  /** Stores `change(object)` under a new version; removes it when it is being deleted and no finalizer is left. */
  update(plural: string, object: ApiObject, change: (copy: ApiObject) => void): ApiObject {
    const copy = structuredClone(object);
    change(copy);
    if (copy.metadata.deletionTimestamp !== undefined && (copy.metadata.finalizers ?? []).length === 0) {
      this.remove(plural, copy);
      return copy;
    }
    copy.metadata.resourceVersion = String(this.#version + 1);
    this.#put(plural, copy);
    this.#record({ type: 'MODIFIED', plural, object: copy, previous: object });
    return copy;
  }

  remove(plural: string, object: ApiObject): void {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    if (this.#objects.get(plural)?.delete(key) !== true) return;
    const last: ApiObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version + 1) },
    };
    this.#record({ type: 'DELETED', plural, object: last, previous: object });
  }

  /** JSON of an object, made once: a list of 5,000 is sent more often than it changes. */
  text(object: ApiObject): string {
    let text = this.#texts.get(object);
    if (text === undefined) {
      text = JSON.stringify(withManagedFields(object));
      this.#texts.set(object, text);
    }
    return text;
  }

  /** The same without `kind` and `apiVersion`, as items of a list come. */
  itemText(object: ApiObject): string {
    let text = this.#itemTexts.get(object);
    if (text === undefined) {
      text = JSON.stringify({ ...withManagedFields(object), kind: undefined, apiVersion: undefined });
      this.#itemTexts.set(object, text);
    }
    return text;
  }

  keepSnapshot(token: string, rest: readonly ApiObject[]): void {
    this.#snapshots.set(token, rest);
  }

  snapshot(token: string): readonly ApiObject[] | undefined {
    return this.#snapshots.get(token);
  }

  /** Forgets history and snapshots, as etcd's compaction does: 410 for whoever still needs them. */
  compact(): void {
    this.#history = [];
    this.#snapshots.clear();
    this.#compacted = this.#version;
  }

  /** Changes after a version, or the 410 of a version that is too old. */
  since(version: number): readonly Change[] | Status {
    if (version < this.#compacted)
      return expired(`too old resource version: ${version} (${this.#compacted})`);
    return this.#history.filter((change) => change.version > version);
  }

  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #put(plural: string, object: ApiObject): void {
    const objects = this.#objects.get(plural) ?? new Map<string, ApiObject>();
    objects.set(keyOf(object.metadata.namespace, object.metadata.name), object);
    this.#objects.set(plural, objects);
  }

  #record(change: Omit<Change, 'version'>): void {
    this.#version += 1;
    const entry = { ...change, version: this.#version };
    this.#history.push(entry);
    for (const listener of [...this.#listeners]) listener(entry);
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
