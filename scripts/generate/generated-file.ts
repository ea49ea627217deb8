/** A file that is made from others. */
export interface GeneratedFile {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
  /** Committed files are compared by `--check`; the others are git-ignored and made by every build. */
  readonly committed: boolean;
}

/** One kind of generated file. Each is a module of its own beside this one. */
export type Generator = () => Promise<readonly GeneratedFile[]>;
