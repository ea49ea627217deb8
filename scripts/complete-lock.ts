// Completes package-lock.json after `npm install`: npm leaves an optional package out of the lock where the
// registry it asked does not carry it (a mirror without the binaries of other platforms), and `npm ci` then
// refuses the lock on every machine. Each such package gets an entry that says which platform it is for, so
// that `npm ci` skips it elsewhere. `--check` writes nothing and exits 1 if the lock is not complete.
import { readFileSync, writeFileSync } from 'node:fs';

interface LockedPackage {
  version: string;
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/** What the name of a platform package says: `@scope/binding-linux-arm64-musl` → linux, arm64, musl. */
function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  if (os.length !== 1 && cpu[0] !== 'wasm32') {
    throw new Error(`${name} is missing from package-lock.json and its name does not say its platform`);
  }
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu')) && os[0] === 'linux'
      ? ['glibc']
      : [];
  return { ...(cpu.length > 0 && { cpu }), ...(libc.length > 0 && { libc }), ...(os.length > 0 && { os }) };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>;
};
const missing: Record<string, LockedPackage> = {};
for (const [parentPath, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const nested = `${parentPath}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (nested in lock.packages || hoisted in lock.packages || hoisted in missing) continue;
    if (!/^\d+\.\d+\.\d+/.test(version)) {
      throw new Error(
        `${name} is missing from package-lock.json and wanted as "${version}", not one version`,
      );
    }
    missing[hoisted] = { version, ...platformOf(name), ...(parent.dev && { dev: true }), optional: true };
  }
}

const names = Object.keys(missing);
if (names.length > 0) {
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`;
  if (process.argv.includes('--check')) {
    process.stderr.write(`package-lock.json lacks ${names.join(', ')}; run: npm run lock\n`);
    process.exitCode = 1;
  } else {
    writeFileSync('package-lock.json', text);
    process.stderr.write(`package-lock.json: added ${names.length} packages of other platforms\n`);
  }
}
