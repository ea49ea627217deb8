import type { DiagnosticCode } from '../diagnostics/codes.ts';

/** Something of an object's values that the server would refuse. */
export interface LimitProblem {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The field of the config that it comes from, where one is known. */
  readonly field?: string | undefined;
}

export type Report = (
  code: DiagnosticCode,
  message: string,
  rest?: { readonly hint?: string; readonly field?: string },
) => void;

export type Texts = Readonly<Record<string, string>>;

/** Kubernetes counts in 32 bits what is counted. */
export const maxInt32 = 2 ** 31 - 1;

/**
 * Parts that have passed, with what they were checked against. Manifests of a sweep share the parts that do not
 * differ, frozen, so that each is checked once.
 */
const passed = new WeakMap<object, unknown>();

export function once(
  part: object | undefined,
  against: unknown,
  report: Report,
  check: (report: Report) => void,
): void {
  if (part === undefined || !Object.isFrozen(part)) {
    check(report);
    return;
  }
  if (passed.has(part) && passed.get(part) === against) return;
  let failed = false;
  check((...problem) => {
    failed = true;
    report(...problem);
  });
  if (!failed) passed.set(part, against);
}

/** Reports a name that is wrong. */
export function reportName(report: Report, what: string, wrong: string | undefined, field?: string): void {
  if (wrong !== undefined)
    report('RENDER_BAD_NAME', `${what} ${wrong}`, field === undefined ? {} : { field });
}

/** Reports each key that is there twice. */
export function unique<T>(
  list: readonly T[],
  of: (each: T) => string | undefined,
  report: (key: string) => void,
): void {
  if (list.length < 2) return;
  const seen = new Set<string>();
  for (const each of list) {
    const key = of(each);
    if (key === undefined) continue;
    if (seen.has(key)) report(key);
    seen.add(key);
  }
}
