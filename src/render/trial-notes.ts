import type { ResolvedFields } from '../config/resolved-fields.ts';
import type { CodePlacement } from '../container/code-placement.ts';
import { formatCodeReference } from '../container/code-reference.ts';
import type { JobSpec } from '../matrix/job-spec.ts';
import { gpuFraction } from './check-fields.ts';
import { annotationNames } from './owner-labels.ts';

/** What a program may want to know of its trial, as in a local run. */
export function trialEnv({ name, trial }: JobSpec, hparam: string): Readonly<Record<string, string>> {
  return {
    TOOLBOX_NAME: name,
    TOOLBOX_MODEL: trial.model,
    TOOLBOX_DATASET: trial.dataset,
    TOOLBOX_HPARAM: hparam,
  };
}

/** Its hyperparameters as JSON. */
export function hyperparameters({ trial }: JobSpec): string {
  return JSON.stringify(Object.fromEntries(trial.hparam.map(({ key, text }) => [key, text])));
}

/** What a trial was, which its name may not tell in full. */
export function jobAnnotations(
  { trial, fields, fingerprint }: JobSpec,
  hparam: string,
  code: CodePlacement,
): Readonly<Record<string, string>> {
  return {
    ...fields.annotations,
    [annotationNames.model]: trial.model,
    [annotationNames.dataset]: trial.dataset,
    [annotationNames.hparam]: hparam,
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
