import type { ResolvedFields } from '../config/resolved-fields.ts';
import type { CodePlacement } from '../container/code-placement.ts';
import { formatCodeReference } from '../container/code-reference.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { gpuFraction } from './check-fields.ts';
import { annotationNames } from './owner-labels.ts';

/** What a program may want to know of its trial, as in a local run. */
export function trialEnv({ name, trial }: JobSpec): Readonly<Record<string, string>> {
  return {
    TOOLBOX_NAME: name,
    TOOLBOX_MODEL: trial.model,
    TOOLBOX_DATASET: trial.dataset,
    TOOLBOX_HPARAM: hyperparameters(trial),
  };
}

/** Asked for twice of each trial. */
let last: { readonly trial: JobSpec['trial']; readonly text: string } | undefined;

function hyperparameters(trial: JobSpec['trial']): string {
  if (last?.trial !== trial)
    last = {
      trial,
      text: JSON.stringify(Object.fromEntries(trial.hparam.map(({ key, text }) => [key, text]))),
    };
  return last.text;
}

/** What a trial was, which its name may not tell in full. */
export function jobAnnotations(
  { trial, fields, fingerprint }: JobSpec,
  code: CodePlacement,
): Readonly<Record<string, string>> {
  return {
    ...fields.annotations,
    [annotationNames.model]: trial.model,
    [annotationNames.dataset]: trial.dataset,
    [annotationNames.hparam]: hyperparameters(trial),
    [annotationNames.fingerprint]: fingerprint.hash,
    [annotationNames.fingerprintParts]: JSON.stringify(fingerprint.parts),
    ...(code.kind !== 'image' && { [annotationNames.code]: formatCodeReference(code) }),
  };
}

/** The pod's own: what is for schedulers, and the command, which is mounted from here. */
export function podAnnotationsOf(
  fields: ResolvedFields,
  command: string | undefined,
): Readonly<Record<string, string>> {
  const fraction = gpuFraction(fields);
  return {
    ...fields.annotations,
    ...(fraction !== undefined && { 'gpu-fraction': String(fraction) }),
    ...(command !== undefined && { [annotationNames.command]: command }),
  };
}
