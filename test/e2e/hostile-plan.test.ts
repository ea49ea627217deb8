import { expect, it } from 'vitest';
import { LocalProject } from '../setup/local-project.ts';

// Each of these took minutes while something in its way looked at the whole of it once for every piece. The time limit of
// a test is a hundred times what they take now.
const words = (count: number, word: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => word(i));

it.each([
  ['a command of a million words', `model: { m: { command: python a.py ${'x '.repeat(1_000_000)}} }`],
  ['100,000 words that could start a command', `model: { m: { command: make a ${'cd '.repeat(100_000)}} }`],
  ['100,000 unknown placeholders', `model: { m: { command: "run ${'<a>'.repeat(100_000)}" } }`],
  [
    '20,000 unknown models in run',
    `model: { m: { command: run } }\nrun: { model: [${words(20_000, (i) => `n${i}`).join(', ')}] }`,
  ],
  [
    '30,000 unknown values in run',
    `model: { m: { command: run, hparam: { a: [${words(2_000, String).join(', ')}] } } }
run: { hparam: { a: [${words(30_000, (i) => `n${i}`).join(', ')}] } }`,
  ],
  [
    '200 entries of run that overlap by one value',
    `model: { m: { command: run, hparam: { a: [${words(16_100, String).join(', ')}] } } }
run: [${words(200, (i) => `{ hparam: { a: [${words(81, (k) => String(i * 80 + k)).join(', ')}] } }`).join(', ')}]`,
  ],
  [
    '500 entries of run that overlap by one value, of 40,001',
    `model: { m: { command: run, hparam: { a: [${words(40_001, String).join(', ')}] } } }
run: [${words(500, (i) => `{ hparam: { a: [${words(81, (k) => String(i * 80 + k)).join(', ')}] } }`).join(', ')}]`,
  ],
  [
    '3,000 entries of run, each for one of as many models',
    `model: { ${words(3_000, (i) => `m${i}: { command: run, hparam: { a: [1, 2] } }`).join(', ')} }
run: [${words(3_000, (i) => `{ model: m${i}, hparam: { a: 1 } }`).join(', ')}]`,
  ],
  [
    '5,000 models with a whitelist and 5,000 datasets with a blacklist',
    `model: { ${words(5_000, (i) => `m${i}: { command: run, gpu_whitelist: [A] }`).join(', ')} }
dataset: { ${words(5_000, (i) => `d${i}: { gpu_blacklist: [B] }`).join(', ')} }`,
  ],
])('plans or refuses %s without delay', async (_what, text) => {
  const project = new LocalProject({ 'config/launch.yaml': `project_name: p\nprefix: ""\n${text}\n` });
  const { code, stderr } = await project.run(['plan']);
  expect([0, 2]).toContain(code);
  expect(stderr).not.toContain('INTERNAL');
});
