// Bundles src/ into dist/: one entry per command and library, shared and lazily loaded chunks beside them.
// A sweep may be running from dist/ meanwhile, and loads chunks as it needs them: chunks have hashed names, are
// written before the entries that name them, each whole or not at all, and old ones stay for a month.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';

execFileSync(process.execPath, ['scripts/generate.ts', '--build'], { stdio: 'inherit' });

// The library's types, for those who import it.
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
});

// Each file to resolve, read and link costs a third of a millisecond, so what is needed together is one file. The first
// group that fits takes a module and all that it imports.
const together = [
  // Before the compile cache is on, and so as little as can be.
  { name: 'context', test: /\/src\/context\.ts$/ },
  // What the S3 library shares with the commands.
  { name: 'sources', test: /\/src\/(diagnostics\/|config\/(load|dotenv)\.ts$)/ },
  // What every command that plans needs, and what little most of the others share, helpers for new syntax included.
  {
    name: 'planning',
    test: /\/src\/(main\.ts$|backends\.ts$|cli\/(command|keep-memory-small|parse-arguments|project|prompt|write-lines)\.ts$|(config|matrix)\/|records\/process-identity\.ts$|report\/(format-duration|screen)\.ts$)|\/node_modules\/lodash\/|@oxc-project/,
  },
  // What every command that moves files needs; what only a few need is loaded late, and so no part of it.
  {
    name: 'transfer',
    test: /\/src\/(open-bucket\.ts|cli\/(upload|download|data\/(data-flags|run-transfer))\.ts|stores\/(upload|download|open-s3-store)\.ts)$/,
  },
  // All that the thread needs which writes manifests.
  {
    name: 'writing',
    test: /\/src\/(render\/manifest-text|cli\/render\/manifest-batch)\.ts$/,
  },
  // What is known of runs, and how it is told: local commands would load a whole client with it.
  {
    name: 'runs',
    test: /\/src\/(records\/|report\/|executors\/local-log\.ts$|cli\/local\/select-locally\.ts$)/,
  },
  // What a command that talks to a cluster needs of rendering before it asks: the rest is loaded while it waits.
  {
    name: 'sweep',
    test: /\/src\/(render\/(check-owner|manifest-name|missing-cluster|owner-labels)|cli\/render\/(code-objects|open-sweep|pack-specs)|executors\/kubernetes\/(objects|owner))\.ts$/,
  },
  // What every command that renders needs, where the code of pods comes from, what every command that talks to a cluster
  // needs, what tells of runs there, and the rest.
  { name: 'rendering', test: /\/src\/(render\/|cli\/render\/(?!writing-thread))/ },
  { name: 'code', test: /\/src\/container\/prepare-code\.ts$/ },
  {
    name: 'cluster',
    test: /\/src\/(executors\/kubernetes\/kubernetes-executor|cli\/cluster\/launch-jobs)\.ts$/,
  },
  {
    name: 'follow',
    test: /\/src\/cli\/cluster\/(status-of-cluster|cluster-logs|wait-for-trials|delete-workloads)\.ts$/,
  },
  { name: 'pods', test: /\/src\/(executors\/kubernetes|cli\/cluster)\// },
];

/**
 * Takes Node's own modules without `import`, which reads everything that a module exports: of `node:http` that is a
 * `WebSocket`, and with it a whole client for `fetch`, 30 ms of every command that talks to a server.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  resolveId(id, importer = '') {
    // The entry is to run, and to say what is needed, in a Node that is too old.
    const isOurs = importer.startsWith(path.resolve('src')) && importer !== path.resolve('src/bin.ts');
    // One for each file that asks: shared, they would all be in one chunk, and that be loaded by every command.
    return isOurs && isBuiltin(id) ? `\0${id}?${importer}` : undefined;
  },
  load(id) {
    const [name = ''] = id.slice(1).split('?');
    if (!id.startsWith('\0') || !isBuiltin(name)) return undefined;
    const lines = Object.keys(process.getBuiltinModule(name) ?? {})
      .filter((key) => key !== 'default')
      .map((key) => `const node_${key} = /* @__PURE__ */ take('${key}'); export { node_${key} as ${key} };`);
    lines.unshift(
      `const node = /* @__PURE__ */ process.getBuiltinModule('${name}');`,
      'const take = (key) => node[key];',
      'export default node;',
    );
    return { code: lines.join('\n'), moduleSideEffects: false };
  },
};

const bundle = await rolldown({
  plugins: [lazyBuiltins],
  input: { bin: 'src/bin.ts', s3: 'src/s3.ts', 'writing-thread': 'src/cli/render/writing-thread.ts' },
  platform: 'node',
  resolve: {
    // Its ES modules, of which only what is used is taken and loaded; for Node, the package has CommonJS only.
    alias: { yaml: path.resolve('node_modules/yaml/browser/dist/index.js') },
    // The ES module of a package where it has one: smaller, and free of computed requires.
    mainFields: ['module', 'main'],
  },
  transform: { target: 'node22' },
  // A module is loaded late where it is not needed at once, whatever else imports it at once.
  checks: { ineffectiveDynamicImport: false },
});
const { output } = await bundle.generate({
  format: 'esm',
  chunkFileNames: 'chunks/[name]-[hash].js',
  codeSplitting: {
    groups: together.map((group, index) => ({ ...group, priority: together.length - index })),
  },
  // Names stay, for the stacks of bug reports.
  minify: { mangle: false, compress: true, codegen: false },
  comments: { legal: false },
});
await bundle.close();

/** Node shows the line that threw what a program using the library did not catch, and that must not be all of a chunk. */
function keepsLines({ moduleIds }: { readonly moduleIds: readonly string[] }): boolean {
  const isLibrary = (id: string) => /\/src\/(s3\.ts$|open-bucket\.ts$|stores\/|diagnostics\/)/.test(id);
  return moduleIds.some(isLibrary) && !moduleIds.some((id) => /\/node_modules\/(?!lodash\/)/.test(id));
}

function oneLine(code: string): string {
  const { code: short, errors } = minifySync('chunk.js', code, {
    module: true,
    compress: false,
    mangle: false,
    codegen: { removeWhitespace: true, legalComments: 'none' },
  });
  if (errors.length > 0) throw new Error(`a chunk could not be shortened: ${errors[0]?.message}`);
  return short;
}

const month = 30 * 24 * 3600 * 1000;
await mkdir('dist/chunks', { recursive: true });
const written = new Set<string>();
const isEntry = (file: { fileName: string }) => !file.fileName.includes('/');
for (const file of output.toSorted((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
  const target = path.resolve('dist', file.fileName);
  const whole = `${target}.${process.pid}.tmp`;
  const contents = file.type === 'chunk' ? (keepsLines(file) ? file.code : oneLine(file.code)) : file.source;
  await writeFile(whole, contents, { mode: isEntry(file) ? 0o755 : 0o644 });
  await rename(whole, target);
  written.add(target);
}
for (const name of await readdir('dist/chunks')) {
  const file = path.resolve('dist/chunks', name);
  const age = await stat(file).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (!written.has(file) && age > month) await rm(file, { force: true });
}
