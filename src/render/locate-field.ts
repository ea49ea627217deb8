import type { Config } from '../config/config.ts';
import type { Location } from '../diagnostics/diagnostic.ts';
import type { Trial } from '../matrix/trial.ts';

/** Where the value of a field that a trial ends up with was written; `undefined` for a built-in default. */
export function locateField(config: Config, trial: Trial | undefined, field: string): Location | undefined {
  const { locate } = config;
  const has = (fields: object | undefined) => fields !== undefined && Object.hasOwn(fields, field);
  const model = trial && config.models.find((each) => each.name === trial.model);
  const dataset = trial && config.datasets.find((each) => each.name === trial.dataset);
  for (const [kind, entry] of [
    ['model', model],
    ['dataset', dataset],
  ] as const) {
    if (entry?.axes.some((axis) => axis.key === field))
      return locate('launch', [kind, entry.name, 'hparam', field]);
  }
  if (model !== undefined && has(model.fields)) return locate('launch', ['model', model.name, field]);
  if (dataset !== undefined && has(dataset.fields)) return locate('launch', ['dataset', dataset.name, field]);
  if (has(config.root)) return locate('launch', [field]);
  const isProject = ['user', 'namespace', 'project_name'].includes(field);
  return has(config.kube) || isProject ? locate('kube', [field]) : undefined;
}
