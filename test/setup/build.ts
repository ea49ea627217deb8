import { execFileSync } from 'node:child_process';

/** Tests run what ships: generated code and `dist/` are built once before any of them. */
export function setup(): void {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
}
