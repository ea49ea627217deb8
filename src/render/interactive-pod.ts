import type { Config } from '../config/config.ts';
import { bindValue } from '../matrix/bind-value.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { legalText, maxNameLength } from '../matrix/legal-name.ts';
import type { Source } from '../matrix/placeholders.ts';
import { settleFields } from '../matrix/settle-fields.ts';
import { quoteForShell } from '../matrix/shell-quote.ts';

/**
 * The spec of the project's interactive pod: the fields of `kube.yaml` and the root of `launch.yaml`, no trial.
 * Of placeholders only `<project>`, `<user>` and `<name>` mean something there; what uses others is for trials,
 * and left out.
 *
 * @param number 0: `USER-PROJECT-interactive-pod`; others add `-1`, `-2` … for when the name is taken
 */
export function interactivePod(config: Config, number = 0): JobSpec {
  const { project } = config;
  const suffix = `-interactive-pod${number === 0 ? '' : `-${number}`}`;
  const start = legalText(`${project.user ?? ''}-${project.project_name}`)
    .slice(0, maxNameLength - suffix.length)
    .replace(/^-+|-+$/g, '');
  const name = `${start}${suffix}`;

  const constant = (text: string): Source => ({ kind: 'constant', text, quoted: quoteForShell(text) });
  const known = new Map([
    ['project', constant(project.project_name)],
    ['user', constant(project.user ?? '')],
    ['name', constant(name)],
  ]);
  const root: Record<string, unknown> = {};
  const env: Record<string, string> = { ...config.kube.env };
  for (const [field, value] of Object.entries(config.root)) {
    if (field === 'env') {
      for (const [variable, text] of Object.entries(config.root.env ?? {})) {
        const bound = bind(text);
        if (bound !== undefined) env[variable] = String(bound.value);
      }
    } else {
      const bound = bind(value);
      if (bound !== undefined) root[field] = bound.value;
    }
  }
  return {
    name,
    trial: { index: 0, model: '', dataset: '', hparam: [], name },
    side: 'remote',
    command: '',
    env,
    fields: settleFields(project, { ...config.kube, ...root }),
    fingerprint: { hash: '', parts: {} },
  };

  function bind(value: unknown): { readonly value: unknown } | undefined {
    let isForTrials = false;
    const bound = bindValue(
      value,
      [],
      (placeholder) => known.get(placeholder),
      () => {
        isForTrials = true;
      },
    );
    return isForTrials || !bound.fixed ? undefined : { value: bound.value };
  }
}
