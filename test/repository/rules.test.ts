import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: repository,
  encoding: 'utf8',
})
  .split('\0')
  .filter((name) => name !== '');
const read = (file: string) => readFileSync(path.join(repository, file), 'utf8');

describe('lock files', () => {
  const locks = files.filter((file) => path.basename(file) === 'package-lock.json');

  it.each(locks)('%s names packages, never the address one came from', (file) => {
    const { packages } = JSON.parse(read(file)) as { packages: Record<string, { resolved?: string }> };
    const addressed = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined);
    expect(addressed).toEqual([]);
  });
});

describe('shell scripts', () => {
  const scripts = files.filter(
    (file) => /\.(sh|bash)$/.test(file) || /^#!.*\b(ba)?sh\b/.test(firstLine(file)),
  );

  it('pass shellcheck', () => {
    expect(scripts.length).toBeGreaterThan(2);
    // A file that is only sourced has no first line that says its shell.
    const [own, sourced] = [true, false].map((has) =>
      scripts.filter((file) => firstLine(file).startsWith('#!') === has),
    );
    for (const words of [own ?? [], ['--shell=bash', ...(sourced ?? [])]]) {
      execFileSync('shellcheck', ['--severity=warning', ...words], { cwd: repository, stdio: 'pipe' });
    }
  });

  it('use nothing that bash 3.2 lacks', () => {
    const newer =
      /\b(mapfile|readarray|coproc)\b|declare -[A-Za-z]*[An]|local -[A-Za-z]*[An]\b|\$\{[A-Za-z_]+(\^\^?|,,?|@[A-Z])\}|&>>|\|&/;
    const lines = scripts.flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, index) => `${file}:${index + 1}: ${line}`)
        .filter((line) => newer.test(line) && !/^\S+ *#/.test(line)),
    );
    expect(lines).toEqual([]);
  });
});

describe('the Makefile', () => {
  it('uses nothing that GNU make 3.81 lacks', () => {
    // `define NAME =`, `!=`, `::=`, `private`, `undefine`, `.ONESHELL`, `$(file …)` and `else ifeq` with more came later.
    expect(read('Makefile')).not.toMatch(
      /^define \S+ *[:?+!]?=|^[\w-]+ *!=|::=|^undefine |^\.ONESHELL|\$\(file |\$\(intcmp |\$\(let /m,
    );
  });
});

describe('the package', () => {
  it('ships what the Makefile, init and completion need', () => {
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: repository,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as unknown;
    const [{ files: shipped }] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as [
      { files: { path: string }[] },
    ];
    const paths = new Set(shipped.map((file) => file.path));
    for (const file of [
      'Makefile',
      'LICENSE',
      'dist/bin.js',
      'schemas/launch.schema.json',
      'setup/install.sh',
      'setup/targets.awk',
      'setup/node/package.json',
      'setup/node/package-lock.json',
      'templates/init/launch.yaml',
      'templates/completion/ktb.bash',
    ]) {
      expect(paths).toContain(file);
    }
    expect([...paths].filter((file) => /^(src|test|\.ci)\/|(^|\/)\.env$/.test(file))).toEqual([]);
  });
});

function firstLine(file: string): string {
  try {
    return read(file).split('\n', 1)[0] ?? '';
  } catch {
    return '';
  }
}
