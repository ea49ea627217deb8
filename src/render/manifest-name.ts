import type { RenderedObject } from './rendered-object.ts';

/** File name, without its ending, under which a manifest is shown; `undefined` for a Secret, which never is. */
export function manifestName({ kind, name }: RenderedObject): string | undefined {
  if (kind === 'Secret') return undefined;
  // The Service of a trial has the Job's name.
  return kind === 'Service' ? `${name}-service` : name;
}
