import type { ResolvedFields } from '../config/resolved-fields.ts';
import { keepDollars } from './environment.ts';
import { resourcesOf } from './resources.ts';

type Server = NonNullable<ResolvedFields['server']>[string];

/** A directory shared by name between the side containers and the main one. */
export interface SharedVolume {
  readonly name: string;
  readonly path: string;
}

/**
 * Passes SIGTERM on and ends with the command: a shell that is process 1 would otherwise sit out the grace
 * period, and hold up the pod's end.
 */
const runAsChild = (shell: string) =>
  `${shell} -c "$0" & child=$!; trap "kill -TERM -1" TERM INT; wait $child; code=$?; ` +
  'while kill -0 $child 2>/dev/null; do wait $child; code=$?; done; exit $code';

/**
 * The `server:` of a trial as native sidecars: they start before the main container and are ended after it.
 * Resources are only what is written, so that a small helper asks for little.
 */
export function sideContainers(
  fields: ResolvedFields,
  defaults: { readonly image: string; readonly envFrom: readonly object[] | undefined },
  volumeName: (shared: string) => string,
): readonly object[] {
  return Object.entries(fields.server ?? {}).map(([name, server]) => {
    const { requests, limits } = resourcesOf({ ...server, limit_ratio: fields.limit_ratio });
    const env = Object.entries(server.env ?? {}).map(([key, value]) => ({
      name: key,
      value: keepDollars(value),
    }));
    // Images of others often have no bash.
    const shell = server.image === undefined ? 'bash' : 'sh';
    const mounts = Object.entries(server.volumes ?? {});
    const resources = {
      ...(Object.keys(requests).length > 0 && { requests }),
      ...(Object.keys(limits).length > 0 && { limits }),
    };
    return {
      name,
      image: server.image ?? defaults.image,
      restartPolicy: 'Always',
      ...(server.command !== undefined && {
        command: [shell, '-c', keepDollars(runAsChild(shell)), keepDollars(server.command)],
      }),
      ...(server.port !== undefined && { ports: [{ containerPort: server.port }] }),
      ...(env.length > 0 && { env }),
      ...(defaults.envFrom !== undefined && { envFrom: defaults.envFrom }),
      ...(Object.keys(resources).length > 0 && { resources }),
      ...(mounts.length > 0 && {
        volumeMounts: mounts.map(([shared, path]) => ({ name: volumeName(shared), mountPath: path })),
      }),
    };
  });
}

/** The shared directories, each once, and where the main container finds them: where the first server has them. */
export function sharedVolumes(
  servers: Readonly<Record<string, Server>> | null | undefined,
): readonly SharedVolume[] {
  const found = new Map<string, SharedVolume>();
  for (const server of Object.values(servers ?? {})) {
    for (const [name, path] of Object.entries(server.volumes ?? {})) {
      if (!found.has(name)) found.set(name, { name, path });
    }
  }
  return [...found.values()];
}
