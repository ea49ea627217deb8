import { LocalLauncher } from './local-launcher.ts';

/** Launchers that wait for their next trial: as many as trials have run side by side. */
export class LauncherPool {
  readonly #options: { readonly bash: string; readonly cwd: string };
  readonly #idle: LocalLauncher[] = [];

  constructor(options: { readonly bash: string; readonly cwd: string }) {
    this.#options = options;
  }

  /** @param env what a new launcher starts with; the first trial's is near to all others' */
  async take(env: Readonly<Record<string, string>>): Promise<LocalLauncher> {
    return this.#idle.pop() ?? (await LocalLauncher.start({ ...this.#options, env }));
  }

  giveBack(launcher: LocalLauncher): void {
    this.#idle.push(launcher);
  }

  close(): void {
    for (const launcher of this.#idle.splice(0)) launcher.close();
  }
}
