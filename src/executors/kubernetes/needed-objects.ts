import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import type { KubernetesExecutor } from './kubernetes-executor.ts';
import { throwRefused } from './namespace-api.ts';
import { findMissing, type Need } from './pod-needs.ts';

/**
 * What the Jobs of a launch need beside themselves, looked at once when all are there: somebody may have deleted
 * a Secret, a `make delete` may have removed it while the Jobs were created, and whoever types
 * `kubectl apply -f build/` has the Jobs without it.
 */
export class NeededObjects {
  readonly #executor: KubernetesExecutor;
  /** By kind and name, with one of the trials that need it: thousands share the same three. */
  readonly #needs = new Map<string, Need & { readonly title: string; readonly spec: JobSpec }>();

  constructor(executor: KubernetesExecutor) {
    this.#executor = executor;
  }

  add(spec: JobSpec, needs: readonly Need[]): void {
    for (const need of needs) {
      if (!need.isRequired) continue;
      const title = `${need.resource.kind}/${need.name}`;
      if (!this.#needs.has(title)) this.#needs.set(title, { ...need, title, spec });
    }
  }

  /**
   * Makes again what is missing and what the trials' files still make.
   *
   * @returns titles of what was made again, and of what pods wait for in vain
   */
  async restore(
    signal: AbortSignal,
  ): Promise<{ readonly restored: readonly string[]; readonly lacking: readonly string[] }> {
    const { api } = this.#executor;
    try {
      const missing = await findMissing(api, this.#needs.values(), signal);
      if (missing.length === 0) return { restored: [], lacking: [] };
      for (const [spec, needs] of Map.groupBy(missing, (need) => need.spec)) {
        const prepared = this.#prepare(spec);
        const names = new Set(needs.map((need) => need.name));
        if (prepared !== undefined) await this.#executor.restore(prepared, names, signal);
      }
      const left = new Set(await findMissing(api, missing, signal));
      return {
        restored: missing.filter((need) => !left.has(need)).map(({ title }) => title),
        lacking: [...left].map(({ title }) => title),
      };
    } catch (error) {
      return throwRefused('what the Jobs need cannot be looked at', error);
    }
  }

  /** A Job that is there may have been made by files that are no longer right. */
  #prepare(spec: JobSpec) {
    try {
      return this.#executor.prepare(spec);
    } catch (error) {
      if (error instanceof DiagnosticError) return undefined;
      throw error;
    }
  }
}
