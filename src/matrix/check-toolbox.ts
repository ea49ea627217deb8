import type { Config, ModelEntry } from '../config/config.ts';
import { type Diagnostic, warningDiagnostic } from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import { chooseSide } from './command-language.ts';

/** `make` where a command begins, maybe after variables. */
const callsMake = /(?:^|[;&|({!]|\b(?:then|do|else|time|exec)\s)\s*(?:\w+=\S*\s+)*make(?=[\s;&|)]|$)/m;

/**
 * Warns of models whose remote command calls `make`, or that have data or outputs, in an image that is not known to bring the toolbox: neither
 * is there a `toolbox_image`, nor is it the project's own image, which `make image` builds with the toolbox in
 * it. `toolbox_image: null` says that the image has it.
 */
export function checkToolbox(config: Config): Diagnostic[] {
  const { user, project_name } = config.project;
  if (user === undefined) return [];
  return config.models.flatMap((model) => {
    const layers = [config.kube, config.root, model.fields];
    const top = <K extends keyof typeof model.fields>(field: K) =>
      layers.map((layer) => layer[field]).findLast((value) => value !== undefined);
    const image = top('image');
    if (
      top('toolbox_image') !== undefined ||
      config.datasets.some(({ fields }) => fields.toolbox_image !== undefined)
    )
      return [];
    const host = top('registry_host') ?? 'gitlab-registry.nrp-nautilus.io';
    const own = `${host}/${top('gitlab_user') ?? user}/${project_name}`;
    if (image === undefined || image === own || image.startsWith(`${own}:`) || image.startsWith(`${own}@`))
      return [];
    const has = (field: 'data' | 'outputs') =>
      [top(field), ...config.datasets.map(({ fields }) => fields[field])].some((value) => value?.length);
    const needs = callsMake.test(chooseSide(model.command.remote, 'remote').text)
      ? 'calls make in a pod'
      : (['data', 'outputs'] as const).filter(has).map((field) => `has \`${field}\``)[0];
    if (needs === undefined) return [];
    return [
      warningDiagnostic(
        'CONTAINER_NO_MAKE',
        `model ${quoted(model.name)} ${needs}, and image ${quoted(image)} is not known to have the toolbox`,
        {
          location: commandLocation(config, model),
          hint: 'set toolbox_image in config/kube.yaml (docs/images.md), or "toolbox_image: null" if the image has it',
        },
      ),
    ];
  });
}

function commandLocation(config: Config, model: ModelEntry) {
  for (const field of ['remote_command', 'command']) {
    const location = config.locate('launch', ['model', model.name, field], 'key');
    if (location !== undefined) return location;
  }
  return undefined;
}
