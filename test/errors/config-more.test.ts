import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';

it('CONFIG_MORE: the first problems are told, and how many more there are', () => {
  const models = Array.from({ length: 1000 }, (_, index) => `  model${index}: {comand: "true"}\n`);
  const launch = new SourceFile('config/launch.yaml', `model:\n${models.join('')}`);
  const { ok, diagnostics } = readConfig({ launch, folder: 'project', diagnostics: [] });
  expect(ok).toBe(false);
  expect(diagnostics).toHaveLength(51);
  expect(diagnostics[49]?.message).toBe('unknown key "comand" in model "model49"');
  expect(diagnostics[50]).toEqual({
    code: 'CONFIG_MORE',
    severity: 'error',
    message: 'and 950 more problems',
    hint: 'mend these first',
  });
});
