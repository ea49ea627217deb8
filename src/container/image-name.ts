import type { Config } from '../config/config.ts';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';

/**
 * The project's own image, without tag: `image` of kube.yaml, else the default one.
 *
 * @throws DiagnosticError (exit 2) where it is one of Docker Hub's own, which nobody else can push
 */
export function projectImage(config: Config): string {
  const written = config.root.image ?? config.kube.image;
  if (written === undefined) return defaultImage(config);
  const image = withoutTag(written);
  if (!isOfficial(image)) return image;
  throw new DiagnosticError(
    errorDiagnostic(
      'CONTAINER_IMAGE_NOT_YOURS',
      `\`image:\` is ${written}, which is not the project's to build`,
      {
        hint: `leave it out, for ${defaultImage(config)}, or name one in a registry of yours`,
      },
    ),
    2,
  );
}

/** The name for a project's own image: that of kube.yaml if it can be one, else the default one. */
export function ownImage(config: Config): string {
  const written = config.root.image ?? config.kube.image;
  return written === undefined || isOfficial(withoutTag(written))
    ? defaultImage(config)
    : withoutTag(written);
}

function defaultImage({ kube, root, project }: Config): string {
  const host = root.registry_host ?? kube.registry_host ?? 'gitlab-registry.nrp-nautilus.io';
  const owner = root.gitlab_user ?? kube.gitlab_user ?? project.user ?? '';
  return `${host}/${owner}/${project.project_name}`;
}

function isOfficial(image: string): boolean {
  return /^(docker\.io\/)?(library\/)?[^/]+$/.test(image);
}

/** `registry:5000/a/b:tag@sha256:…` → `registry:5000/a/b`. */
export function withoutTag(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}
