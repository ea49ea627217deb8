import type { Config } from '../config/config.ts';
import type { ResolvedFields } from '../config/resolved-fields.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { bindValue } from '../matrix/bind-value.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { legalText, maxNameLength } from '../matrix/legal-name.ts';
import type { Source } from '../matrix/placeholders.ts';
import { settleFields } from '../matrix/settle-fields.ts';
import { quoteForShell } from '../matrix/shell-quote.ts';
import { adjustFields, applyPolicy } from '../policy/apply-policy.ts';
import { locateField } from './locate-field.ts';

/**
 * The spec of the project's interactive pod: the fields of `kube.yaml` and the root of `launch.yaml`, no trial.
 * Of placeholders only `<project>`, `<user>` and `<name>` mean something there; what uses others is for trials,
 * and left out. A policy pack's defaults and adjustments are in it; `checkPodPolicy` tells of them.
 *
 * @param number 0: `USER-PROJECT-interactive-pod`; others add `-1`, `-2` … for when the name is taken
 */
export function interactivePod(config: Config, number = 0): JobSpec {
  const spec = writtenPod(config, number);
  return config.policy === undefined
    ? spec
    : { ...spec, fields: adjustFields<ResolvedFields>(config.policy, 'pod', spec.fields) };
}

/** What the cluster's policy changes of the interactive pod, or refuses, each with the rule's reason. */
export function checkPodPolicy(config: Config): readonly Diagnostic[] {
  if (config.policy === undefined) return [];
  const { fields } = writtenPod(config, 0);
  const workload = { kind: 'pod', fields, command: fields.server_command } as const;
  return applyPolicy(config.policy, workload, (what) =>
    locateField(config, undefined, what === 'command' ? 'server_command' : what),
  ).diagnostics;
}

function writtenPod(config: Config, number: number): JobSpec {
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
  const env: Record<string, string> = { ...config.policy?.defaults.env, ...config.kube.env };
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
    fields: settleFields(project, { ...config.policy?.defaults, ...config.kube, ...root }),
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
