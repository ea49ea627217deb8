import { expect, test } from 'vitest';
import type { ResolvedFields } from '../../src/config/resolved-fields.ts';
import type { Checked } from '../../src/diagnostics/diagnostic.ts';
import { configWith, dotenvOf, jobOf, rendererWith, specWith, unwrap } from './fixture.ts';

const codes = (checked: Checked<unknown>) => checked.diagnostics.map((each) => each.code);

async function codesOf(fields: Partial<ResolvedFields>, name?: string) {
  return codes((await rendererWith()).job(specWith(fields, name === undefined ? {} : { name })));
}

test('names and labels have 63 characters at most', async () => {
  expect(await codesOf({}, 'n'.repeat(63))).toEqual([]);
  expect(await codesOf({}, 'n'.repeat(64))).toEqual(['RENDER_BAD_NAME']);
  expect(await codesOf({ labels: { team: 'v'.repeat(63) } })).toEqual([]);
  expect(new Set(await codesOf({ labels: { team: 'v'.repeat(64) } }))).toEqual(new Set(['RENDER_BAD_LABEL']));
  expect(await codesOf({ workers: 9 }, 'n'.repeat(61))).toEqual([]);
  expect(await codesOf({ workers: 10 }, 'n'.repeat(61))).toEqual(['RENDER_BAD_NAME']);
});

test('an image that several containers have is told once, of the main one', async () => {
  const server = {
    board: { image: 'Python:3', command: 'serve' },
    other: { image: 'a b', command: 'serve' },
  };
  const { diagnostics } = (await rendererWith()).job(specWith({ image: 'Python:3', server }));
  expect(diagnostics.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^the image "Python:3" has capitals/),
    expect.stringMatching(/^the image "a b" of container "other" has spaces/),
  ]);
});

test.each([
  [
    { one: '/data', two: '/data/' },
    {},
    'two volumes are mounted at /data of container "db": "one" and "two"',
  ],
  [
    { one: '/data' },
    { two: '/data' },
    'two volumes are mounted at /data: "one" of container "db" and "two" of container "web"',
  ],
  [{ one: '/claimed' }, {}, 'two volumes are mounted at /claimed: "lab" and "one" of container "db"'],
])('volumes of servers at one path are told once, with their names: %o %o', async (db, web, message) => {
  const server = {
    db: { image: 'redis:7', command: 'serve', volumes: db },
    web: { image: 'nginx:1', command: 'serve', volumes: web },
  };
  const { diagnostics } = (await rendererWith()).job(specWith({ volumes: { lab: '/claimed' }, server }));
  expect(diagnostics.map((each) => each.message)).toEqual([message]);
});

test('tolerations and labels that a server refuses', async () => {
  const toleration = { key: 'x', operator: 'Equal', value: 'y' } as const;
  expect(
    await codesOf({ tolerations: [{ ...toleration, effect: 'NoExecute', tolerationSeconds: 3 }] }),
  ).toEqual([]);
  expect(
    await codesOf({ tolerations: [{ ...toleration, effect: 'NoSchedule', tolerationSeconds: 3 }] }),
  ).toEqual(['RENDER_BAD_LABEL']);
  expect(await codesOf({ tolerations: [{ ...toleration, value: 'a b' }] })).toEqual(['RENDER_BAD_LABEL']);
  for (const key of ['job-name', 'controller-uid', 'batch.kubernetes.io/job-name'])
    expect(new Set(await codesOf({ labels: { [key]: 'x' } }))).toEqual(new Set(['RENDER_BAD_LABEL']));
});

test.each([
  [1024 * 1024, []],
  [1024 * 1024 + 1, ['RENDER_DATA_TOO_LARGE']],
])('a Secret of %i bytes', async (size, expected) => {
  const config = configWith({ dotenv: dotenvOf(`A=${'x'.repeat(size - 10)}\nB=${'y'.repeat(10)}`) });
  expect(codes((await rendererWith({ config })).job(specWith()))).toEqual(expected);
});

test.each([
  [256 * 1024, []],
  [256 * 1024 + 1, ['RENDER_ANNOTATIONS_TOO_LARGE']],
])('annotations of %i bytes, names and values', async (size, expected) => {
  const job = await jobOf();
  const own = Object.entries(job.workload.object.metadata.annotations ?? {}).reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    0,
  );
  expect(
    (
      await codesOf({
        annotations: { note: 'é'.repeat((size - own - 4) >> 1) + 'x'.repeat((size - own) % 2) },
      })
    ).slice(0, 1),
  ).toEqual(expected);
});

test('a command that is too long for an annotation is in ConfigMaps', async () => {
  const command = `echo ${'x'.repeat(200 * 1024)}`;
  const { workload, support } = await jobOf({}, { command });
  const maps = support.filter((each) => /-command-/.test(each.name));
  const [first, second, ...others] = maps.map(({ object }) => Object.entries(object['data'] as object)[0]);
  expect(others).toEqual([]);
  expect([first?.[0], second?.[0]]).toEqual(['command.sh.part-000', 'command.sh.part-001']);
  expect(`${first?.[1]}${second?.[1]}` === command).toBe(true);
  for (const { name, object } of maps) {
    expect(object).toMatchObject({ kind: 'ConfigMap', immutable: true });
    expect(workload.text).toContain(`name: "${name}"`);
  }
  expect(workload.text.length).toBeLessThan(10_000);
});

test('every value of .env is byte for byte in the Secret, and nowhere else', async () => {
  const values = {
    KEY: 'line one\n  line two\n',
    QUOTED: '"it\'s"',
    EMPTY: '',
    SNOW: '☃ \u2028',
    DOLLAR: '$(PATH) $$',
  };
  const config = configWith({ dotenv: { variables: new Map(Object.entries(values)), file: undefined } });
  const { workload, support } = unwrap((await rendererWith({ config })).job(specWith()));
  const secret = support.find((each) => each.kind === 'Secret');
  const data = secret?.object['data'] as Record<string, string>;
  expect(
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    ),
  ).toEqual(values);
  const others = [workload, ...support.filter((each) => each !== secret)].map((each) => each.text).join('');
  for (const value of ['line two', "it's", '☃']) expect(others).not.toContain(value);
});

test('the name of a Secret depends on the key, the content and nothing else', async () => {
  const nameOf = async (content: string, key: number) => {
    const config = configWith({ dotenv: dotenvOf(content) });
    const renderer = await rendererWith({ config, secretKey: new Uint8Array(32).fill(key) });
    return unwrap(renderer.job(specWith())).support[0]?.name;
  };
  const name = await nameOf('A=1', 1);
  expect(name).toMatch(/^jdoe-example-env-[0-9a-f]{10}$/);
  expect(await nameOf('A=1', 1)).toBe(name);
  expect(await nameOf('A=2', 1)).not.toBe(name);
  expect(await nameOf('A=1', 2)).not.toBe(name);
});

test('variables are not expanded a second time by Kubernetes', async () => {
  const env = { A: '$(HOME)', B: '$$', C: '$HOME', D: 'a$' };
  const { workload } = await jobOf({}, { env });
  const spec = workload.object['spec'] as {
    template: { spec: { containers: [{ env: { name: string; value: string }[] }] } };
  };
  const found = spec.template.spec.containers[0].env;
  const read = (name: string) => expand(found.find((each) => each.name === name)?.value ?? '');
  for (const [name, value] of Object.entries(env)) expect(read(name)).toBe(value);
});

/** As the kubelet does it: `$$` is `$`, `$(NAME)` is a variable, all else stays. */
function expand(text: string): string {
  return text.replace(/\$(\$|\(\w+\))/g, (_, what: string) => (what === '$' ? '$' : 'EXPANDED'));
}

test('workloads with the same content share one object', async () => {
  const renderer = await rendererWith({ config: configWith({ dotenv: dotenvOf('A=1') }) });
  const [one, two] = [renderer.job(specWith()), renderer.job(specWith({ memory: 1 }, { name: 'other' }))].map(
    unwrap,
  );
  expect(new Set([...(one?.support ?? []), ...(two?.support ?? [])]).size).toBe(2);
});
