import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ManifestText } from '../../render/manifest-text.ts';
import { ManifestWriter } from './manifest-writer.ts';

/** First line of every file that we write into `build/`, and what tells ours from others. */
const header = '# Written by kube-toolbox; the next dryrun replaces it.';

/**
 * `build/`: what one command writes into it, and removes of what was written before. Each command has a list of its
 * files: a dry run of the pod leaves the jobs' manifests alone, and one of the jobs leaves nothing but theirs, so
 * that `kubectl apply -f build/` after it makes the sweep and no pod. Files of other people stay.
 */
export class BuildFolder {
  readonly #folder: string;
  readonly #command: string;
  readonly #written = new Set<string>();
  readonly #writer: ManifestWriter;

  /** @param command the name of the list: `dryrun`, `pod-dryrun` */
  constructor(root: string, command: string, signal: AbortSignal) {
    this.#writer = new ManifestWriter(signal);
    this.#folder = path.join(root, 'build');
    this.#command = command;
    mkdirSync(this.#folder, { recursive: true });
  }

  /**
   * Writes a manifest.
   *
   * @returns a promise where the disk cannot keep up, to be awaited before the next
   * @throws what the file system says, of this file or of one before
   */
  write(name: string, manifest: ManifestText, notes: readonly string[] = []): Promise<void> | undefined {
    const file = `${name}.yaml`;
    this.#written.add(file);
    let head = `${header}\n`;
    for (const note of notes) head += `# ${note}\n`;
    return this.#writer.write(`${this.#folder}/${file}`, head, manifest);
  }

  /** Removes what an earlier dry run wrote and this one did not; notes what this one did. */
  async finish(): Promise<void> {
    await this.#writer.finish();
    this.#keep(this.#written);
  }

  /** Removes what this dry run has written and what an earlier one did: half a sweep looks like a whole one. */
  async clear(): Promise<void> {
    await this.#writer.abandon();
    this.#keep(new Set());
  }

  #keep(own: ReadonlySet<string>): void {
    const lists = readdirSync(this.#folder).filter((name) => isList(name) && name !== this.#list);
    const others = this.#command === 'dryrun' ? [] : lists;
    const kept = new Set([...own, ...others.flatMap((name) => this.#read(name))]);
    const listed = [this.#list, ...lists].flatMap((name) => this.#read(name));
    for (const file of new Set([...listed, ...this.#written]))
      if (!kept.has(file) && this.#isOurs(file)) rmSync(path.join(this.#folder, file), { force: true });
    for (const list of lists)
      if (!others.includes(list)) rmSync(path.join(this.#folder, list), { force: true });
    writeFileSync(path.join(this.#folder, this.#list), [...own].map((file) => `${file}\n`).join(''));
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
    const text = this.#text(file);
    // On a full disk, a file of this dry run may have got nothing.
    return text?.startsWith(`${header}\n`) === true || (text === '' && this.#written.has(file));
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
