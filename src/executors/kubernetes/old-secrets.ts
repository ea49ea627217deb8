import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { KubernetesExecutor } from './kubernetes-executor.ts';
import { secrets } from './objects.ts';
import type { Need } from './pod-needs.ts';

/**
 * Jobs that are kept, have not begun, and refer to another Secret of `.env` or of files than one that would be created
 * now: whoever has corrected a key waits for them in vain. No fingerprint tells, as none has a secret's value in it.
 */
export class OldSecrets {
  readonly #executor: Pick<KubernetesExecutor, 'prepare'>;
  /** By the Secrets they refer to, with one of the trials: thousands share the same. */
  readonly #groups = new Map<
    string,
    { readonly spec: JobSpec; readonly names: ReadonlySet<string>; count: number }
  >();

  constructor(executor: Pick<KubernetesExecutor, 'prepare'>) {
    this.#executor = executor;
  }

  add(spec: JobSpec, needs: readonly Need[]): void {
    let key = '';
    for (const { resource, name } of needs) if (resource === secrets && isOurs(name)) key += ` ${name}`;
    if (key === '') return;
    const group = this.#groups.get(key);
    if (group === undefined)
      this.#groups.set(key, { spec, names: new Set(key.split(' ').slice(1)), count: 1 });
    else group.count += 1;
  }

  /** How many. */
  count(): number {
    let count = 0;
    for (const group of this.#groups.values()) if (this.#isOld(group)) count += group.count;
    return count;
  }

  #isOld({ spec, names }: { readonly spec: JobSpec; readonly names: ReadonlySet<string> }): boolean {
    const wanted = this.#secretsOf(spec);
    const families = new Set([...wanted].map(family));
    return [...names].some((name) => families.has(family(name)) && !wanted.has(name));
  }

  /** Names of those that would be made now. A Job that is there may have been made by files that are no longer right. */
  #secretsOf(spec: JobSpec): ReadonlySet<string> {
    try {
      const { support } = this.#executor.prepare(spec).workload;
      return new Set(support.filter(({ kind }) => kind === 'Secret').map(({ name }) => name));
    } catch (error) {
      if (error instanceof DiagnosticError) return new Set();
      throw error;
    }
  }
}

/** What Secrets of content are named by. */
const contentHash = /-[0-9a-f]{10}$/;

/** Whether it may be one of those; others, such as for pulling images, stay the same whatever they hold. */
function isOurs(name: string): boolean {
  return contentHash.test(name);
}

/** A name without the hash of the content that it ends in. */
function family(name: string): string {
  return name.replace(contentHash, '');
}
