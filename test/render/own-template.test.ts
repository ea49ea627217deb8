import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { createTemplateSet } from '../../src/render/template-set.ts';
import { rendererWith, specWith, unwrap } from './fixture.ts';

test("the documentation's example of a project's own template", async () => {
  const [, example = ''] =
    /```handlebars\n([\s\S]*?)```/.exec(readFileSync('docs/templates.md', 'utf8')) ?? [];
  const shipped = readFileSync('templates/pod-spec.yaml.hbs', 'utf8');
  const own = shipped.slice(0, shipped.indexOf('    volumeMounts:')) + example;
  const renderer = await rendererWith({ templates: { 'pod-spec.yaml.hbs': own } });
  const { workload } = unwrap(renderer.job(specWith({ volumes: { data: '/data' } })));
  const spec = workload.object['spec'] as {
    template: { spec: { volumes: unknown[]; containers: { volumeMounts: unknown[] }[] } };
  };
  const pod = spec.template.spec;
  expect(pod.volumes).toContainEqual({ name: 'cache', hostPath: { path: '/var/cache/lab' } });
  expect(pod.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data' } });
  expect(pod.containers[0]?.volumeMounts).toContainEqual({ name: 'cache', mountPath: '/cache' });
});

test("a project's template sees everything that is documented", async () => {
  const documented = [...readFileSync('docs/templates.md', 'utf8').matchAll(/^\| (`[^|]*`) +\|/gm)]
    .flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''))
    .filter((name) => !['data', 'binaryData', 'selector', 'port'].includes(name));
  const own = (view: string) => (name: string) => `{{#if ${view}${name}}}{{/if}}`;
  const job = readFileSync('templates/job.yaml.hbs', 'utf8');
  const pod = readFileSync('templates/pod-spec.yaml.hbs', 'utf8');
  const jobNames = documented.slice(0, documented.indexOf('pod') + 1);
  const podNames = documented
    .slice(documented.indexOf('pod') + 1)
    .filter((name) => name !== 'name' && name !== 'namespace' && name !== 'labels');
  expect(jobNames).toContain('podAnnotations');
  expect(podNames).toContain('gracePeriod');
  const renderer = await rendererWith({
    templates: {
      'job.yaml.hbs': job + jobNames.map(own('')).join(''),
      'pod-spec.yaml.hbs': pod + podNames.map(own('')).join(''),
    },
  });
  unwrap(renderer.job(specWith()));
});

test.each([
  [
    'an unknown field below blocks that were left out',
    /^containers:/m,
    'container:',
    'unknown field "container"',
  ],
  [
    'a block that does not exist',
    /\{\{#if serviceAccount\}\}/,
    '{{#iff serviceAccount}}',
    "iff doesn't match if",
  ],
  [
    'a template that does not exist',
    /^restartPolicy:/m,
    '{{> nope}}\nrestartPolicy:',
    'there is no template "nope"',
  ],
])('a mistake is shown on its own line: %s', async (_, good, bad, message) => {
  const shipped = readFileSync('templates/pod-spec.yaml.hbs', 'utf8');
  const own = shipped.replace(good, bad);
  const wrong = own.split('\n').findIndex((line) => line.includes(bad.split('\n')[0] ?? ''));
  const file = new SourceFile('templates/pod-spec.yaml.hbs', own);
  const compiled = await createTemplateSet([file]);
  const { diagnostics } = compiled.ok
    ? (await rendererWith({ templates: { 'pod-spec.yaml.hbs': own } })).job(specWith())
    : compiled;
  const found = diagnostics.find((each) => each.message.includes(message));
  expect(found?.location?.file.path).toContain('pod-spec.yaml.hbs');
  expect(own.slice(0, found?.location?.offset).split('\n').length - 1).toBe(wrong);
});
