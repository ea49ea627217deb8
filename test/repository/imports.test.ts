import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

// What ARCHITECTURE.md says of the rooms. biome.json tells of most of it while one types, but looks at one file at a time:
// here the imports are followed to their end.

type Files = Readonly<Record<string, string>>;

const pure = /^src\/(?:(?:diagnostics|matrix|render|policy)\/|config\/(?!load\.ts$)|stores\/sync-plan\.ts$)/;
const effectful =
  /^src\/(?:(?:executors|records|report|cli)\/|config\/load\.ts$|backends\.ts$|main\.ts$|bin\.ts$)/;
const commandLine = /^src\/(?:cli\/|main\.ts$|bin\.ts$)/;
const worldlyPackage =
  /^(?:node:(?!crypto$|path\/posix$|util$|buffer$)|(?:fs|child_process|os|net|http|https|process|timers)\b|execa$|@aws-sdk\/|@smithy\/|@kubernetes\/|ws$)/;
const worldlyWords =
  /\b(?:process\.|console\.|globalThis\b|performance\.|new Date\(\)|Date\.now|Math\.random|random(?:UUID|Bytes|Int)\b|set(?:Timeout|Interval|Immediate)\(|fetch\()/;

interface Import {
  readonly target: string;
  readonly isType: boolean;
}

function importsOf(file: string, text: string): Import[] {
  const found = [
    ...[...text.matchAll(/^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*from\s+'([^']+)'/gm)].map(
      ([, type, names = '', target = '']) => ({
        target,
        isType: type !== undefined || /^\{(?:\s*type\s+\w+(?:\s+as\s+\w+)?\s*,?)+\s*\}$/.test(names),
      }),
    ),
    ...[...text.matchAll(/^import\s+'([^']+)'|\bawait import\(\s*'([^']+)'/gm)].map(([, bare, dynamic]) => ({
      target: bare ?? dynamic ?? '',
      isType: false,
    })),
  ];
  return found.map(({ target, isType }) => ({
    isType,
    target: target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target,
  }));
}

/** Each breach of the rules, as the way from a file to what it must not reach. */
function breaches(files: Files): string[] {
  const imports = new Map(Object.entries(files).map(([file, text]) => [file, importsOf(file, text)]));
  const found: string[] = [];
  for (const [file, list] of imports) {
    if (commandLine.test(file)) continue;
    for (const { target } of list) if (commandLine.test(target)) found.push(`${file} > ${target}`);
  }
  const seen = new Set<string>();
  const follow = (file: string, way: string) => {
    for (const { target, isType } of imports.get(file) ?? []) {
      if (isType) continue;
      const there = `${way} > ${target}`;
      if (effectful.test(target) || worldlyPackage.test(target)) found.push(there);
      else if (!seen.has(target)) {
        seen.add(target);
        follow(target, there);
      }
    }
  };
  for (const [file, text] of Object.entries(files)) {
    if (!pure.test(file)) continue;
    const word = worldlyWords.exec(withoutCommentsAndTexts(text))?.[0];
    if (word !== undefined) found.push(`${file}: ${word}`);
    if (!seen.has(file)) follow(file, file);
  }
  return found;
}

function withoutCommentsAndTexts(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|^\s*\/\/.*$/gm, '');
}

const root = path.resolve(import.meta.dirname, '../..');
const sources = Object.fromEntries(
  globSync('src/**/*.ts', { cwd: root }).map((file) => [file, readFileSync(path.join(root, file), 'utf8')]),
);

describe('imports', () => {
  it('point one way, and pure code reaches nothing that touches the world', () => {
    expect(Object.keys(sources).filter((file) => pure.test(file)).length).toBeGreaterThan(50);
    expect(breaches(sources)).toEqual([]);
  });

  it.each([
    ['src/matrix/x.ts', "import { loadSources } from '../config/load.ts';"],
    ['src/matrix/x.ts', "import { S3Client } from '../stores/s3-client.ts';"],
    ['src/matrix/x.ts', "import { packageRoot } from '../package-root.ts';"],
    ['src/render/x.ts', "import { readFileSync } from 'node:fs';"],
    ['src/render/x.ts', "import {\n  type Stats,\n  readFileSync,\n} from 'fs';"],
    ['src/config/x.ts', "export { execa } from 'execa';"],
    ['src/policy/x.ts', "const { spawn } = await import('node:child_process');"],
    ['src/diagnostics/x.ts', 'const now = Date.now();'],
    ['src/diagnostics/x.ts', 'setTimeout(() => {}, 1);'],
    ['src/stores/sync-plan.ts', 'const home = globalThis.process;'],
    ['src/container/x.ts', "import type { Command } from '../cli/command.ts';"],
    ['src/s3.ts', "import { main } from './main.ts';"],
  ])('of this kind are found: %s: %s', (file, text) => {
    expect(breaches({ ...sources, [file]: text })).not.toEqual([]);
  });

  it.each([
    ['src/matrix/x.ts', "import type { Sources } from '../config/load.ts';"],
    ['src/matrix/x.ts', "import { createHash } from 'node:crypto';\n// process.exit is told apart"],
    ['src/executors/x.ts', "import { readFileSync } from 'node:fs';"],
    ['src/cli/x.ts', "import { main } from '../main.ts';"],
  ])('of this kind are well: %s: %s', (file, text) => {
    expect(breaches({ ...sources, [file]: text })).toEqual([]);
  });
});
