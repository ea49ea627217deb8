import { checkLimits } from './check-limits.ts';
import type { LimitProblem } from './limit-problem.ts';
import { type KubernetesObject, RenderedObject } from './rendered-object.ts';

type Path = readonly (string | number)[];

export interface Cause {
  readonly path: Path;
  /** Without what was put in, the problem would be gone as well: `name: main`, and a server that is called so. */
  readonly isShared: boolean;
}

/**
 * What of an object's own text a problem comes from: the first and smallest part without which it is gone. The checks
 * know values, and not where they stand; trying costs a few milliseconds, where there is an error to be told.
 *
 * @param holes where values were put in; their parts are not looked at
 */
export function findCause(
  rendered: RenderedObject,
  problem: LimitProblem,
  holes: readonly Path[],
): Cause | undefined {
  const before = countsOf(rendered, problem);
  /** `undefined`: a check needs what is there. Then what it is part of may be left out. */
  const isGoneWithout = (path: Path): boolean | undefined => {
    try {
      const object = omit(rendered.object, path) as KubernetesObject;
      const after = countsOf(new RenderedObject(rendered.manifest, object), problem);
      return after.same < before.same && after.alike < before.alike;
    } catch {
      return path.length === 0 ? false : undefined;
    }
  };
  const isInHole = (path: Path): boolean => isGoneWithout(path) ?? isInHole(path.slice(0, -1));
  const isHole = new Set(holes.map((path) => JSON.stringify(path)));
  for (const path of constants(rendered.object, [], isHole)) {
    if (isGoneWithout(path)) return { path, isShared: holes.some(isInHole) };
  }
  return undefined;
}

/** A sum that is still too large is told with another number, and a container without its name has the same problems. */
function countsOf(rendered: RenderedObject, problem: LimitProblem) {
  const problems = checkLimits(rendered);
  const shape = shapeOf(problem);
  return {
    same: problems.filter(({ message }) => message === problem.message).length,
    alike: problems.filter((each) => shapeOf(each) === shape).length,
  };
}

function shapeOf({ code, message }: LimitProblem): string {
  return `${code} ${message.replace(/ of container ".*?"/, '').replace(/\d+/g, '0')}`;
}

/** Parts that have no holes, each after its own parts; returns whether the whole has none. */
function* constants(value: unknown, path: Path, holes: ReadonlySet<string>): Generator<Path, boolean> {
  if (holes.has(JSON.stringify(path))) return false;
  let isConstant = true;
  if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      const below = [...path, Array.isArray(value) ? Number(key) : key];
      // Without these it is no object that the checks know.
      if (path.length === 0 && (key === 'kind' || key === 'apiVersion')) continue;
      if (!(yield* constants(each, below, holes))) isConstant = false;
    }
  }
  if (isConstant && path.length > 0) yield path;
  return isConstant;
}

/** A copy without what is at the path. */
function omit(value: unknown, [key, ...rest]: Path): unknown {
  if (Array.isArray(value))
    return rest.length === 0
      ? value.filter((_, index) => index !== key)
      : value.map((each, index) => (index === key ? omit(each, rest) : each));
  const copy: Record<string, unknown> = { ...(value as object) };
  if (key === undefined) return copy;
  if (rest.length === 0) delete copy[key];
  else copy[key] = omit(copy[key], rest);
  return copy;
}
