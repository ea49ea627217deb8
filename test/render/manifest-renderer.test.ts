import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import { ManifestRenderer } from '../../src/render/manifest-renderer.ts';
import { parseManifest } from '../../src/render/skeleton.ts';
import { createTemplateSet } from '../../src/render/template-set.ts';
import { unwrap } from './fixture.ts';

const names = { name: 'x', namespace: 'lab', labels: {}, annotations: {} };

async function rendererOf(templates: Readonly<Record<string, string>> = {}): Promise<ManifestRenderer> {
  const files = Object.entries(templates).map(([name, text]) => new SourceFile(`templates/${name}`, text));
  return new ManifestRenderer(unwrap(await createTemplateSet(files)));
}

/** Texts that have broken YAML writers before, and whatever fast-check thinks of. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '{{name}}',
    '{{{name}}}',
    '{{> pod-spec}}',
    'it\'s "quoted"',
    'a: b # c',
    '---\nkind: Secret',
    '...',
    'one\ntwo\r\nthree\rfour',
    'nul \0 nul',
    '\u0085\u2028\u2029\ufeff\ufffe\uffff\u007f\u0080\u009f',
    '\ud800',
    '\udfff\ud800',
    '*anchor',
    '&anchor',
    '!!js/function',
    '% directive',
    '"hole0;"',
    'hole0;',
    '\u00010:1\u0002',
    'yes',
    '~',
    '',
    ' leading and trailing ',
    '\\',
    '$(PATH) $$',
  ),
);
const anyMap = fc.dictionary(anyText, anyText, { maxKeys: 5 });

test('every value arrives as it was, alone, and the fast way is the same as parsing the text', async () => {
  const renderer = await rendererOf();
  fc.assert(
    fc.property(anyText, anyText, anyMap, anyMap, (name, namespace, labels, data) => {
      const { object, diagnostics } = renderer.render('configmap.yaml', {
        name,
        namespace,
        labels,
        data: Object.keys(data).length > 0 ? data : undefined,
        binaryData: undefined,
      });
      expect(diagnostics).toEqual([]);
      const expected = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace, labels },
        immutable: true,
        ...(Object.keys(data).length > 0 && { data }),
      };
      const text = object?.text ?? '';
      expect(object?.object).toEqual(expected);
      expect(parseManifest(text)).toMatchObject({ object: expected, problems: [] });
      expect(parse(text)).toEqual(expected);
      // What other readers take for a line break, or refuse, is escaped.
      expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/);
      expect(text.isWellFormed()).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('a value inside of a longer text cannot be filled in later, and is parsed each time', async () => {
  const renderer = await rendererOf({
    'configmap.yaml.hbs':
      'apiVersion: v1\nkind: ConfigMap\n# made for {{name}}\nmetadata:\n  name: {{name}}\ndata:\n  text: |\n    {{namespace}}\n',
  });
  for (const namespace of ['one', 'two "quoted"']) {
    const { object } = renderer.render('configmap.yaml', { ...names, namespace });
    expect(object?.object).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x' },
      data: { text: `${JSON.stringify(namespace)}\n` },
    });
  }
});

interface Case {
  readonly template: string;
  readonly code: string;
  readonly message: RegExp;
  readonly line: number;
  readonly hint?: RegExp;
}

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{name}}\n';

test.each<Case>([
  {
    template: `${head}{{#if namespace}}\ndata:\n  a: "x-{{name}}"\n{{/if}}\n`,
    code: 'RENDER_MANIFEST_SYNTAX',
    message: /something is written around a value/,
    line: 7,
    hint: /with its quotes/,
  },
  {
    template: `${head}  labels:\n    {{block labels}}\n  label: {}\n`,
    code: 'RENDER_MANIFEST_TYPE',
    message: /metadata.label: unknown field "label"/,
    line: 7,
    hint: /did you mean "labels"/,
  },
  {
    template: `${head}immutable: "yes"\n`,
    code: 'RENDER_MANIFEST_TYPE',
    message: /immutable: must be true or false, not "yes"/,
    line: 5,
  },
  {
    template: `${head}immutable: {{name}}\n`,
    code: 'RENDER_MANIFEST_TYPE',
    message: /immutable: must be true or false, not "x"/,
    line: 5,
  },
  {
    template: `${head}---\n${head}`,
    code: 'RENDER_MANIFEST_SYNTAX',
    message: /second one/,
    line: 5,
  },
  {
    template: 'apiVersion: v1\nkind: Banana\nmetadata:\n  name: {{name}}\n',
    code: 'RENDER_MANIFEST_TYPE',
    message: /kind "Banana"/,
    line: 2,
  },
  {
    template: `${head}data:\n  a: {{nmae}}\n`,
    code: 'RENDER_TEMPLATE_VALUE',
    message: /no value "nmae" in template templates\/configmap.yaml.hbs/,
    line: 6,
  },
  {
    template: `${head}data:\n  a: 1\n  a: 2\n`,
    code: 'RENDER_MANIFEST_SYNTAX',
    message: /unique/,
    line: 7,
  },
])('a broken template is an error with its line: $code $message', async (wanted) => {
  const renderer = await rendererOf({ 'configmap.yaml.hbs': wanted.template });
  const { object, diagnostics } = renderer.render('configmap.yaml', { ...names, data: {}, binaryData: {} });
  expect(object).toBeUndefined();
  const [first] = diagnostics;
  expect(first).toMatchObject({ code: wanted.code, message: expect.stringMatching(wanted.message) });
  expect(first?.location?.file.path).toBe('templates/configmap.yaml.hbs');
  expect(first?.location?.file.position(first.location.offset).line).toBe(wanted.line);
  if (wanted.hint !== undefined) expect(first?.hint).toMatch(wanted.hint);
});

test.each([
  ['{{#if name}}\nkind: x\n', 'RENDER_TEMPLATE_SYNTAX', 1],
  ['kind: x\nname: {{{name}}}\n', 'RENDER_TEMPLATE_SYNTAX', 2],
  ['kind: x\nname: {{shout name}}\n', 'RENDER_TEMPLATE_SYNTAX', 2],
])('a template that cannot be compiled: %o', async (text, code, line) => {
  const made = await createTemplateSet([new SourceFile('templates/job.yaml.hbs', text)]);
  expect(made.ok).toBe(false);
  const [first] = made.diagnostics;
  expect(first?.code).toBe(code);
  expect(first?.location?.file.position(first.location.offset).line).toBe(line);
});

test('a template of no known name', async () => {
  const made = await createTemplateSet([new SourceFile('templates/jobs.yaml.hbs', 'x')]);
  expect(made).toMatchObject({ ok: false, diagnostics: [{ code: 'RENDER_TEMPLATE_UNKNOWN' }] });
});
