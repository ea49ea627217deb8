import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** First line of every file that we write into `build/`, and what tells ours from others. */
const header = '# Written by kube-toolbox; the next dryrun replaces it.';

/**
 * `build/`: what one command writes into it, and removes of what it wrote before. Each command has a list of its
 * files, so that a dry run of the pod leaves the jobs' manifests alone; files of other people stay.
 */
export class BuildFolder {
  readonly #folder: string;
  readonly #command: string;
  readonly #written = new Set<string>();

  /** @param command the name of the list: `dryrun` */
  constructor(root: string, command: string) {
    this.#folder = path.join(root, 'build');
    this.#command = command;
    mkdirSync(this.#folder, { recursive: true });
  }

  /** Writes a manifest; returns its path relative to the project. */
  write(name: string, text: string, notes: readonly string[] = []): string {
    const file = `${name}.yaml`;
    // Synchronous: thousands of small files go out several times as fast as through the thread pool.
    writeFileSync(
      `${this.#folder}/${file}`,
      `${[header, ...notes.map((note) => `# ${note}`)].join('\n')}\n${text}`,
    );
    this.#written.add(file);
    return `build/${file}`;
  }

  /** Removes what an earlier run of the same command wrote and this one did not; notes what this one did. */
  finish(): void {
    const others = new Set(
      readdirSync(this.#folder)
        .filter((name) => isList(name) && name !== this.#list)
        .flatMap((name) => this.#read(name)),
    );
    for (const file of this.#read(this.#list)) {
      if (!this.#written.has(file) && !others.has(file) && this.#isOurs(file))
        rmSync(path.join(this.#folder, file), { force: true });
    }
    writeFileSync(
      path.join(this.#folder, this.#list),
      [...this.#written].map((file) => `${file}\n`).join(''),
    );
  }

  get #list(): string {
    return `.${this.#command}.files`;
  }

  #read(list: string): readonly string[] {
    return (
      (this.#text(list) ?? '')
        .split('\n')
        // A list that somebody has edited must not lead out of the folder.
        .filter((file) => /^[\w.-]+\.yaml$/.test(file))
    );
  }

  #isOurs(file: string): boolean {
    return this.#text(file)?.startsWith(`${header}\n`) === true;
  }

  #text(file: string): string | undefined {
    try {
      return readFileSync(path.join(this.#folder, file), 'utf8');
    } catch {
      return undefined;
    }
  }
}

function isList(name: string): boolean {
  return /^\.[\w-]+\.files$/.test(name);
}
