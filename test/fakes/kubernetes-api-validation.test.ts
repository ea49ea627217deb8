import { expect, it } from 'vitest';
import { kinds } from './kubernetes-api-kinds.ts';
import type { ApiObject } from './kubernetes-api-store.ts';
import { validate } from './kubernetes-api-validation.ts';

const volume = { name: 'a', emptyDir: {} };
const item = { key: 'k', path: 'p' };

/** What is wrong → the pod template's spec, the Job's, its metadata. */
it.each([
  ['nothing', {}, {}, {}, undefined],
  [
    'podFailurePolicy',
    { restartPolicy: 'OnFailure' },
    { podFailurePolicy: { rules: [] } },
    {},
    'only "Never" is',
  ],
  ['two volumes of a name', { volumes: [volume, volume] }, {}, {}, 'volumes[1].name: Duplicate value: "a"'],
  [
    'one path of two sources',
    {
      volumes: [
        {
          name: 'a',
          projected: { sources: [{ secret: { items: [item] } }, { configMap: { items: [item] } }] },
        },
      ],
    },
    {},
    {},
    'conflicting duplicate paths',
  ],
  ['the key of a label', {}, {}, { labels: { 'a b': 'c' } }, 'name part must consist of'],
  ['the key of an annotation', {}, {}, { annotations: { 'a/b/c': 'd' } }, 'name part must consist of'],
] as const)('the fake refuses what a server does: %s', (_, pod, spec, metadata, message) => {
  const job = {
    metadata: { name: 'x', ...metadata },
    spec: {
      ...spec,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }], ...pod } },
    },
  };
  const said = (validate(kinds.jobs, job as unknown as ApiObject)?.body as { message?: string } | undefined)
    ?.message;
  if (message === undefined) expect(said).toBeUndefined();
  else expect(said).toContain(message);
});

it('the fake refuses ports and names of Services as a server does', () => {
  const container = {
    name: 'c',
    image: 'i',
    ports: [{ containerPort: 0 }, { containerPort: 1, name: 'a' }, { containerPort: 2, name: 'a' }],
  };
  const pod = { metadata: { name: 'x' }, spec: { containers: [container] } } as unknown as ApiObject;
  const said = JSON.stringify(validate(kinds.pods, pod));
  expect(said).toContain('must be between 1 and 65535');
  expect(said).toContain('ports[2].name');
  const service = { metadata: { name: '1x' } } as unknown as ApiObject;
  expect(JSON.stringify(validate(kinds.services, service))).toContain('a DNS-1035 label');
});
