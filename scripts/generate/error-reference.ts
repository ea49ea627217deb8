import { diagnosticCodes } from '../../src/diagnostics/codes.ts';
import type { Generator } from './generated-file.ts';

const phases: Readonly<Record<string, string>> = {
  CLI: 'The command line',
  CONFIG: 'The configuration',
  MATRIX: 'The matrix and its commands',
  LOCAL: 'Running on this machine',
  RENDER: 'Manifests',
  KUBE: 'The cluster',
  S3: 'The bucket',
  INTERNAL: 'A bug',
};

/** docs/errors.md: every code with what it means and how to mend it. */
export const generateErrorReference: Generator = async () => {
  const byPhase = Map.groupBy(Object.entries(diagnosticCodes), ([code]) => code.replace(/_.*/, ''));
  const order = [...Object.keys(phases), ...byPhase.keys()];
  const sections = [...new Set(order)].flatMap((phase) => {
    const codes = byPhase.get(phase);
    if (codes === undefined) return [];
    const title = phases[phase] ?? phase;
    return ['', `## ${title}`, '', ...codes.map(([code, text]) => `- \`${code}\`: ${text}`)];
  });
  const head = [
    '# Errors and warnings',
    '',
    'Every message has a code, names the value it is about, shows the place in the file where there is one, and ends',
    'in a hint that says what to type. This page, made by `npm run generate`, lists the codes.',
    '',
    '```text',
    'config/launch.yaml:5:5 error CONFIG_UNKNOWN_KEY: unknown key "gpu_cont" in model "median"',
    '    gpu_cont: 1',
    '    ~~~~~~~~',
    '  hint: did you mean "gpu_count"?',
    '```',
  ];
  return [{ path: 'docs/errors.md', text: `${[...head, ...sections].join('\n')}\n`, committed: true }];
};
