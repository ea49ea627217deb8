import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Context } from '../context.ts';
import { SignalReceived } from '../context.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/** What can build and push images, in the order of preference. */
export const builders = ['docker', 'podman', 'buildah'] as const;

export type Builder = (typeof builders)[number];

/**
 * The first builder on PATH.
 *
 * @throws DiagnosticError where there is none
 */
export function findBuilder(env: Context['env']): Builder {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const found = builders.find((name) => folders.some((folder) => isProgram(join(folder, name))));
  if (found !== undefined) return found;
  throw new DiagnosticError(
    errorDiagnostic('CONTAINER_NO_BUILDER', 'neither docker, podman nor buildah is on PATH', {
      hint: 'install one of them, or let .github/workflows/docker.yml build the image: make image-init writes it',
    }),
    3,
  );
}

/**
 * Runs the builder, its output going to standard error as it comes.
 *
 * @param extraEnv values that must not be arguments, such as those of build arguments
 * @throws DiagnosticError (exit 1) where it fails
 */
export async function runBuilder(
  builder: Builder,
  args: readonly string[],
  context: Context,
  extraEnv: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { cwd, env, signal } = context;
  signal.throwIfAborted();
  const child = spawn(builder, args, {
    cwd,
    env: { ...env, ...extraEnv },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // The same signal, so that the builder removes its half-made layers.
  const stop = () =>
    child.kill(signal.reason instanceof SignalReceived ? signal.reason.signalName : 'SIGTERM');
  signal.addEventListener('abort', stop);
  child.stdout.pipe(context.stderr, { end: false });
  child.stderr.pipe(context.stderr, { end: false });
  try {
    const ended = await new Promise<string | undefined>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, name) => resolve(code === 0 ? undefined : (name ?? `exit code ${code}`)));
    });
    signal.throwIfAborted();
    if (ended === undefined) return;
    throw new DiagnosticError(
      errorDiagnostic('CONTAINER_BUILD_FAILED', `${builder} ${args[0]} ended with ${ended}`, {
        hint:
          args[0] === 'push'
            ? `make image builds it first; then log in: ${builder} login ${args[1]?.split('/', 1)[0]}`
            : `is ${builder} running? Without one, \`toolbox_image\` and \`code: snapshot\` need no image of your own (docs/images.md)`,
      }),
      1,
    );
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
