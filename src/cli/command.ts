import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';

/** One flag of a command. `make TARGET name=value` and `ktb TARGET --name=value` are the same. */
export interface Flag {
  readonly kind: 'boolean' | 'string' | 'count' | 'choice' | 'list';
  /** One line for `--help`. */
  readonly summary: string;
  /** For `choice`. */
  readonly choices?: readonly string[];
  /** What `--help` calls the value, upper case: `NAME`. */
  readonly value?: string;
  readonly required?: boolean;
  /** Nothing that exists already: completion has nothing to offer. */
  readonly isNew?: boolean;
  /** For `count`: the smallest that makes sense; 0 unless told. */
  readonly minimum?: number;
  /** For `count`: the largest, where there is one. */
  readonly maximum?: number;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The parsed values: absent flags are `undefined`, except booleans, which are false. */
export type Options<F extends Flags> = {
  readonly [K in keyof F]: F[K]['kind'] extends 'boolean'
    ? boolean
    : F[K]['kind'] extends 'count'
      ? number | undefined
      : F[K]['kind'] extends 'list'
        ? readonly string[]
        : F[K] extends { readonly choices: readonly (infer C)[] }
          ? C | undefined
          : F[K] extends { readonly required: true }
            ? string
            : string | undefined;
};

/** The flags that every command takes. */
export interface CommonOptions {
  /** One JSON object a line on standard output instead of text. */
  readonly json: boolean;
  readonly verbose: boolean;
}

/** One command: a flag table, and calls down the line. */
export interface Command<F extends Flags = Flags> {
  readonly name: string;
  readonly flags: F;
  /** One full line for `--help`, with a typical use: `make logs name='*-vit-*'`. */
  readonly example: string;
  run(options: Options<F> & CommonOptions, context: Context): Promise<ExitCode>;
}

/** Keeps the flag table's literal types, so that `options` is typed by it. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command {
  return command as unknown as Command;
}
