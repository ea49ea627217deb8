import type { Fingerprint, JobSpec } from '../../../src/matrix/job-spec.ts';
import { ManifestText } from '../../../src/render/manifest-text.ts';
import {
  annotationNames,
  managedBy,
  managedByLabel,
  projectLabel,
  supportLabel,
  userLabel,
} from '../../../src/render/owner-labels.ts';
import { type KubernetesObject, RenderedObject } from '../../../src/render/rendered-object.ts';
import type { Renderer } from '../../../src/render/renderer.ts';

// Specs and manifests of the right shape, without the config and the templates: what launching depends on.

export const owner = { user: 'alice', project: 'example' };
const labels = { [managedByLabel]: managedBy, [userLabel]: owner.user, [projectLabel]: owner.project };

export function makeSpecs(count: number, version = 'v1', prefix = 'trial'): JobSpec[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `alice-example-${prefix}-${String(index).padStart(4, '0')}`;
    const fingerprint: Fingerprint = {
      hash: Buffer.from(`${version} ${name}`).toString('hex').padEnd(64, '0').slice(0, 64),
      parts: { command: version, image: 'i' },
    };
    const trial = {
      index,
      model: 'm',
      dataset: 'd',
      hparam: [{ key: 'lr', text: '1e-5', visible: true }],
      name,
    };
    return {
      trial,
      name,
      side: 'remote',
      command: `echo ${version}`,
      env: {},
      fields: {} as never,
      fingerprint,
    };
  });
}

export function plainRenderer(
  options: { readonly break?: (spec: JobSpec) => object | undefined } = {},
): Renderer {
  const secret = rendered({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'alice-example-env-3f2a1', labels: { ...labels, [supportLabel]: 'env' } },
    immutable: true,
    data: { TOKEN: Buffer.from('canary').toString('base64') },
  });
  return {
    job(spec) {
      const object: KubernetesObject = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name: spec.name,
          labels,
          annotations: {
            [annotationNames.model]: spec.trial.model,
            [annotationNames.dataset]: spec.trial.dataset,
            [annotationNames.hparam]: '{"lr":"1e-5"}',
            [annotationNames.fingerprint]: spec.fingerprint.hash,
            [annotationNames.fingerprintParts]: JSON.stringify(spec.fingerprint.parts),
          },
        },
        spec: {
          backoffLimit: 0,
          ttlSecondsAfterFinished: 3600,
          template: {
            metadata: { labels },
            spec: {
              restartPolicy: 'Never',
              containers: [
                {
                  name: 'main',
                  image: 'docker.io/lab/python:3',
                  envFrom: [{ secretRef: { name: secret.name } }],
                },
              ],
            },
          },
          ...options.break?.(spec),
        },
      };
      const value = { name: spec.name, workload: rendered(object), support: [secret] };
      return { ok: true, value, diagnostics: [] };
    },
    pod() {
      throw new Error('not used');
    },
  };
}

function rendered(object: KubernetesObject): RenderedObject {
  return new RenderedObject(ManifestText.of(JSON.stringify(object)), object);
}
