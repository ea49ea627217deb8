import type { Config } from '../config/config.ts';

/** The project's own image, without tag: `image` of kube.yaml, else the default one. */
export function projectImage(config: Config): string {
  const { kube, root, project } = config;
  const written = root.image ?? kube.image;
  const host = root.registry_host ?? kube.registry_host ?? 'gitlab-registry.nrp-nautilus.io';
  const owner = root.gitlab_user ?? kube.gitlab_user ?? project.user ?? '';
  return withoutTag(written ?? `${host}/${owner}/${project.project_name}`);
}

/** `registry:5000/a/b:tag@sha256:…` → `registry:5000/a/b`. */
export function withoutTag(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}
