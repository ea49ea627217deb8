import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { rendererWith, specWith, unwrap } from './fixture.ts';

/** As Go writes JSON. */
const goJson = (object: unknown): string =>
  JSON.stringify(object).replaceAll(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

test.each([
  ['text', Buffer.from('lr: 0.1\n'.repeat(100_000))],
  ['tags', Buffer.from('<b>&</b>'.repeat(100_000))],
  ['line breaks', Buffer.from('\n'.repeat(500_000))],
  ['bytes', randomBytes(700_000)],
])('kubectl apply can keep each ConfigMap of %s in its annotation', async (_, bytes) => {
  const readFiles = () => ({
    ok: true as const,
    value: [
      { path: 'config/big file', bytes, executable: false },
      ...Array.from({ length: 300 }, (_, index) => ({
        path: `many/${'x'.repeat(60)}-${index}`,
        bytes: Buffer.from('x'),
        executable: false,
      })),
    ],
    diagnostics: [],
  });
  const { support } = unwrap((await rendererWith({ readFiles })).job(specWith({ file: ['all'] })));
  const maps = support.filter(({ kind, name }) => kind === 'ConfigMap' && name.includes('-files-'));
  expect(maps.length).toBeGreaterThan(3);
  for (const { object } of maps) expect(goJson(object).length).toBeLessThan(256 * 1024 - 200);
});

test.each([
  ['plain', 'echo hello\n'.repeat(50_000)],
  ['quotes', 'echo "\\t<&>"\n'.repeat(10_000)],
  ['just short enough to be on the pod', `echo ${'x'.repeat(160 * 1024 - 7)}`],
])('kubectl apply can keep each object of a long command: %s', async (_, command) => {
  const { workload, support } = unwrap((await rendererWith()).job(specWith({}, { command })));
  for (const { object } of [workload, ...support])
    expect(goJson(object).length).toBeLessThan(256 * 1024 - 200);
  const parts = support.flatMap(({ object }) => Object.entries((object['data'] ?? {}) as object));
  const mounted = parts.filter(([key]) => key.startsWith('command.sh')).sort();
  if (mounted.length > 0) expect(mounted.map(([, text]) => text).join('')).toBe(command);
  else expect(workload.text).toContain('kube-toolbox/command');
});
