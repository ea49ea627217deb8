/** A path that a trial writes, and whether `<name>` is part of it. */
export interface Output {
  /** Index of the trial. */
  readonly trial: number;
  readonly path: string;
  readonly named: boolean;
}

/** Outputs at or below one path: the first, and the first of another trial. */
type Holders = readonly [first: Output, second: Output | undefined];

/**
 * Finds two trials of which one would write over the other's outputs: the same path, or one inside the
 * other's folder. Two paths that both contain `<name>` cannot meet. Linear in the outputs and the depth of
 * their paths.
 */
export function findOverlap(outputs: Iterable<Output>): readonly [Output, Output] | undefined {
  const at = new Map<string, Output>();
  const below = new Map<string, Holders>();
  const conflict = (path: string, folders: readonly string[], output: Output): Output | undefined => {
    const others = [at.get(path), ...(below.get(path) ?? []), ...folders.map((folder) => at.get(folder))];
    return others.find((other) => other !== undefined && other.trial !== output.trial);
  };
  const named: Output[] = [];
  for (const output of outputs) {
    if (output.named) {
      named.push(output);
      continue;
    }
    const path = cleanPath(output.path);
    const folders = foldersAbove(path);
    const other = conflict(path, folders, output);
    if (other !== undefined) return [other, output];
    at.set(path, output);
    for (const folder of folders) {
      const [first = output, second] = below.get(folder) ?? [];
      below.set(
        folder,
        second === undefined && first.trial !== output.trial ? [first, output] : [first, second],
      );
    }
  }
  for (const output of at.size === 0 ? [] : named) {
    const path = cleanPath(output.path);
    const other = conflict(path, foldersAbove(path), output);
    if (other !== undefined) return [other, output];
  }
  return undefined;
}

/** What follows a wildcard counts as the whole folder. */
function cleanPath(path: string): string {
  const steps = stepsOf(path);
  const wild = steps.findIndex((step) => /[*?[]/.test(step));
  return (wild === -1 ? steps : steps.slice(0, wild)).join('/');
}

/** Without `.`, `..`, doubled and trailing slashes. */
export function stepsOf(path: string): readonly string[] {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps;
}

/** `a/b/c` → ``, `a`, `a/b`; of the project's root, nothing. */
function foldersAbove(path: string): readonly string[] {
  if (path === '') return [];
  const folders = [''];
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1))
    folders.push(path.slice(0, slash));
  return folders;
}
