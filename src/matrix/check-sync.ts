import type { Config } from '../config/config.ts';
import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';

/** Warns of `sync_every` where no trial has outputs: nothing would be uploaded, now or then. */
export function checkSync(config: Config): Diagnostic[] {
  const layers = [
    config.kube,
    config.root,
    ...[...config.models, ...config.datasets].map((each) => each.fields),
  ];
  const isAsked = layers.some(({ sync_every }) => sync_every !== undefined && sync_every !== null);
  if (!isAsked || layers.some(({ outputs }) => outputs?.length)) return [];
  // A policy may have outputs of its own, and a hyperparameter may be the field.
  if (config.project.policy !== undefined || hasAxis(config)) return [];
  return [
    warningDiagnostic('CONTAINER_NO_OUTPUTS', 'there is `sync_every`, and no `outputs` to be uploaded', {
      location: config.locate(
        config.kube.sync_every === undefined ? 'launch' : 'kube',
        ['sync_every'],
        'key',
      ),
      hint: 'write outputs: [out/<name>/] into config/launch.yaml (docs/data.md)',
    }),
  ];
}

function hasAxis({ models, datasets }: Config): boolean {
  return [...models, ...datasets].some(({ axes }) => axes.some(({ key }) => key === 'outputs'));
}
