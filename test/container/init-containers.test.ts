import { cpSync, mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  mkdirSync(sandbox.path('opt/toolbox/bin'), { recursive: true });
  cpSync('container', sandbox.path('opt/toolbox/container'), { recursive: true });
  mkdirSync(sandbox.path('target'));
});
afterEach(() => sandbox[Symbol.dispose]());

const env = {
  TOOLBOX_WORK: '/kube-toolbox/workspace',
  TOOLBOX_PROJECT: 'example',
  TOOLBOX_CODE_DIGEST: '0',
  TOOLBOX_CODE_KEY: 'code.tar.gz',
};
const scripts = [
  ['unpack.sh', ['sh', '/kube-toolbox/scripts/unpack.sh']],
  ['copy.sh', ['/opt/toolbox/container/copy.sh', '/target']],
] as const;

it.each(scripts)('%s ends with SIGTERM in the middle of its work', async (_, command) => {
  sandbox.write('opt/toolbox/bin/ktb', '#!/bin/sh\necho working >&2; sleep 20\n', 0o755);
  const started = sandbox.start(command, { env });
  await started.printed('working');
  started.kill('SIGTERM');
  const timer = setTimeout(() => started.abandon(), 10_000);
  expect(await started.ended()).toMatchObject({ code: 143, signal: null });
  clearTimeout(timer);
});

it.each(scripts)('%s passes a failure on', (_, command) => {
  sandbox.write('opt/toolbox/bin/ktb', '#!/bin/sh\nexit 7\n', 0o755);
  expect(sandbox.run(command, { env })).toMatchObject({ code: 7 });
});
