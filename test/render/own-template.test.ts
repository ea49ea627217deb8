import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { createTemplateSet } from '../../src/render/template-set.ts';
import { configWith, rendererWith, specWith, unwrap } from './fixture.ts';

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
    'there is no helper "iff"',
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

test.each([
  [
    'a label over 63 characters, beside labels of the files',
    'job.yaml.hbs',
    /^ {4}\{\{block labels\}\}/m,
    `    team: ${'x'.repeat(64)}\n    {{block labels}}`,
    'the label team:',
  ],
  [
    'a limit below what the files request',
    'pod-spec.yaml.hbs',
    /^ {8}\{\{block limits\}\}/m,
    '        cpu: 10m',
    'above the limit of 10m',
  ],
  [
    'a mount of no volume',
    'pod-spec.yaml.hbs',
    /^ {4}volumeMounts:/m,
    '    volumeMounts:\n      - mountPath: /cache\n        name: cache',
    '"cache" is mounted',
  ],
  [
    'no whole path',
    'pod-spec.yaml.hbs',
    /^ {4}volumeMounts:/m,
    '    volumeMounts:\n      - mountPath: cache\n        name: shm',
    'the mount path "cache"',
  ],
  [
    'a number out of its range',
    'job.yaml.hbs',
    /^ {2}backoffLimit: .*/m,
    '  backoffLimit: -1',
    'retries is -1',
  ],
])(
  'a value that a server would refuse is shown on its line of the template: %s',
  async (_, name, good, bad, message) => {
    const own = readFileSync(`templates/${name}`, 'utf8').replace(good, bad);
    const wrong = own.indexOf(bad);
    const ofFiles = { file: new SourceFile('config/launch.yaml', 'labels: {}\n'), offset: 0, length: 6 };
    const renderer = await rendererWith({
      templates: { [name]: own },
      config: configWith({ root: { labels: { course: 'ml' } }, locate: () => ofFiles }),
    });
    const { diagnostics } = renderer.job(specWith({ labels: { course: 'ml' } }));
    const found = diagnostics.find((each) => each.message.includes(message));
    expect(found?.location?.file.path).toContain(name);
    const line = own.slice(0, found?.location?.offset).split('\n').length;
    const lines = own.slice(0, wrong).split('\n').length;
    expect(line).toBeGreaterThanOrEqual(lines);
    expect(line).toBeLessThan(lines + bad.split('\n').length);
  },
);

test('a value of the files that a server would refuse keeps its place in them, whatever the template', async () => {
  const file = new SourceFile('config/launch.yaml', 'server: {}\nlabels: {}\n');
  const job = readFileSync('templates/job.yaml.hbs', 'utf8');
  const pod = readFileSync('templates/pod-spec.yaml.hbs', 'utf8');
  const renderer = await rendererWith({
    templates: { 'job.yaml.hbs': job, 'pod-spec.yaml.hbs': pod },
    config: configWith({
      root: { server: {}, labels: {} },
      locate: (_, [field]) => ({ file, offset: file.text.indexOf(String(field)), length: 6 }),
    }),
  });
  // `name: main` is the template's.
  const server = { main: { command: 'serve' } };
  const { diagnostics } = renderer.job(specWith({ server, labels: { team: 'x'.repeat(64) } }));
  const places = diagnostics.map(
    ({ message, location }) => `${message.slice(0, 14)} ${location?.file.path}:${location?.offset}`,
  );
  expect(new Set(places)).toEqual(
    new Set(['two containers config/launch.yaml:0', 'the label team config/launch.yaml:11']),
  );
});

const shippedJob = readFileSync('templates/job.yaml.hbs', 'utf8');

test.each<[string, string | RegExp, string, string, string, RegExp]>([
  [
    'a block without an end',
    '  {{/if}}\n  backoffLimit',
    '  backoffLimit',
    '{{#if nodes}}',
    '{{#if nodes}} is never ended',
    /^write {{\/if}} on the line after/,
  ],
  [
    'an inner block without an end',
    '  completions: {{nodes}}',
    '  {{#each labels}}\n  completions: {{nodes}}',
    '{{#each labels}}',
    '{{#each labels}} is never ended',
    /^write {{\/each}}/,
  ],
  [
    'an end too many',
    '  backoffLimit',
    '  {{/unless}}\n  backoffLimit',
    '{{/unless}}',
    '{{/unless}} ends no block',
    /^remove it, or write {{#unless …}}/,
  ],
  [
    'the end of another block',
    '  {{/if}}\n  backoffLimit',
    '  {{/each}}\n  backoffLimit',
    '{{/each}}',
    '{{/each}} does not end {{#if nodes}}',
    /^write {{\/if}}$/,
  ],
  [
    'a tag without its end',
    '{{name}}',
    '{{name}',
    '{{name}',
    '{{name} is not closed',
    /^a tag ends with }}$/,
  ],
  [
    'a line that is indented deeper',
    '  namespace:',
    '     namespace:',
    'namespace:',
    'this line starts in another column than those it belongs to',
    /start in the same column$/,
  ],
  [
    'a line that is indented less',
    '  namespace:',
    ' namespace:',
    'namespace:',
    'this line starts in another column than those it belongs to',
    /start in the same column$/,
  ],
  ['a tab', '  backoffLimit', '\tbackoffLimit', 'backoffLimit', 'a tab cannot indent YAML', /^use spaces$/],
  [
    'no space after a colon',
    'name: {{name}}',
    'name:{{name}}',
    'name:{{name}}',
    'no space after the ":"',
    /^write "name: {{…}}"$/,
  ],
  [
    'quotes around a value',
    'name: {{name}}',
    'name: "{{name}}"',
    'name: "{{name}}"',
    'something is written around a value',
    /^a value is written with its quotes/,
  ],
  [
    'a misspelt helper',
    '{{name}}',
    "{{concta name '-x'}}",
    'concta',
    'there is no helper "concta"',
    /^did you mean "concat"\? the helpers are block, concat, key, if, unless, each, with$/,
  ],
  [
    'a helper in a helper',
    '{{name}}',
    '{{concat (shout name)}}',
    'shout',
    'there is no helper "shout"',
    /^the helpers are block, /,
  ],
  [
    'what would print among the output',
    '{{name}}',
    '{{log name}}',
    'log',
    'there is no helper "log"',
    /^the helpers are block, /,
  ],
  [
    'another name',
    '{{name}}',
    "{{concat name '-x'}}",
    "name: {{concat name '-x'}}",
    'what job.yaml.hbs makes could not be found again: the name is "{{name}}-x"',
    /^write {{name}}/,
  ],
])('a mistake in job.yaml.hbs is told in words: %s', async (_, good, bad, at, message, hint) => {
  const text = shippedJob.replace(good, bad);
  const compiled = await createTemplateSet([new SourceFile('templates/job.yaml.hbs', text)]);
  const { diagnostics } = compiled.ok
    ? (await rendererWith({ templates: { 'job.yaml.hbs': text } })).job(specWith())
    : compiled;
  expect(diagnostics).toMatchObject([{ message, hint: expect.stringMatching(hint) }]);
  expect(text.slice(diagnostics[0]?.location?.offset)).toSatisfy((rest: string) => rest.startsWith(at));
});
