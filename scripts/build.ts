// Bundles src/ into dist/: one entry per command and library, shared and lazily loaded chunks beside them.
// A sweep may be running from dist/ meanwhile, and loads chunks as it needs them: chunks have hashed names, are
// written before the entries that name them, each whole or not at all, and old ones stay for a month.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

execFileSync(process.execPath, ['scripts/generate.ts', '--build'], { stdio: 'inherit' });

// The library's types, for those who import it.
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
});

const result = await build({
  entryPoints: { bin: 'src/bin.ts', s3: 'src/s3.ts' },
  outdir: 'dist',
  bundle: true,
  // Its ES modules, of which only what is used is taken and loaded; for Node, the package has CommonJS only.
  alias: { yaml: path.resolve('node_modules/yaml/browser/dist/index.js') },
  splitting: true,
  minifyWhitespace: true,
  format: 'esm',
  platform: 'node',
  // The ES module of a package where it has one: smaller, and free of computed requires.
  mainFields: ['module', 'main'],
  target: 'node22',
  minifySyntax: true,
  chunkNames: 'chunks/[name]-[hash]',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
});

const month = 30 * 24 * 3600 * 1000;
await mkdir('dist/chunks', { recursive: true });
const isEntry = (file: string) => path.dirname(file) === path.resolve('dist');
for (const file of result.outputFiles.toSorted((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)))) {
  const whole = `${file.path}.${process.pid}.tmp`;
  await writeFile(whole, file.contents, { mode: isEntry(file.path) ? 0o755 : 0o644 });
  await rename(whole, file.path);
}
const written = new Set(result.outputFiles.map((file) => file.path));
for (const name of await readdir('dist/chunks')) {
  const file = path.resolve('dist/chunks', name);
  const age = await stat(file).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (!written.has(file) && age > month) await rm(file, { force: true });
}
