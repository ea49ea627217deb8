// The scripts that run inside pods, as texts for the ConfigMap they are mounted from.
import { readFileSync } from 'node:fs';
import { podScripts } from '../../src/container/pod-layout.ts';
import type { GeneratedFile } from './generated-file.ts';

export async function generatePodScripts(): Promise<GeneratedFile[]> {
  const texts = Object.fromEntries(
    podScripts.map((name) => [name, readFileSync(`container/${name}`, 'utf8')]),
  );
  const text = `export const podScriptTexts = ${JSON.stringify(texts)};\n`;
  return [{ path: 'src/generated/pod-scripts.js', text, committed: false }];
}
