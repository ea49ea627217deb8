import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of the test's own, with git where asked for. */
export class ProjectFolder {
  readonly cwd: string = mkdtempSync(path.join(tmpdir(), 'toolbox-project-'));
  readonly env: Readonly<Record<string, string>> = {
    PATH: process.env['PATH'] ?? '',
    HOME: this.cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_0: 'user.name',
    GIT_CONFIG_VALUE_0: 'Test',
    GIT_CONFIG_KEY_1: 'user.email',
    GIT_CONFIG_VALUE_1: 'test@example.org',
    GIT_CONFIG_KEY_2: 'protocol.file.allow',
    GIT_CONFIG_VALUE_2: 'always',
  };
  readonly signal: AbortSignal = new AbortController().signal;

  path(name: string): string {
    return path.join(this.cwd, name);
  }

  write(name: string, content: string | Buffer, mode = 0o644): void {
    mkdirSync(path.dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content, { mode });
  }

  folder(name: string): void {
    mkdirSync(this.path(name), { recursive: true });
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, {
      cwd: this.cwd,
      env: this.env,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  }

  /** Everything so far as one commit; returns it. */
  commit(): string {
    this.git('init', '--quiet');
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', 'state');
    return this.git('rev-parse', 'HEAD');
  }

  [Symbol.dispose](): void {
    rmSync(this.cwd, { recursive: true, force: true });
  }
}
