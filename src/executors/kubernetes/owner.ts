import { managedBy, managedByLabel, projectLabel, userLabel } from '../../render/owner-labels.ts';
import { formatSelector, type KubeObject } from './objects.ts';

/** Whose workloads: all that is listed or deleted carries the labels of exactly this user and project. */
export interface Owner {
  readonly user: string;
  readonly project: string;
}

/** The labels by which our objects are found; never empty. */
export function ownerLabels(owner: Owner): Readonly<Record<string, string>> {
  return { [managedByLabel]: managedBy, [userLabel]: owner.user, [projectLabel]: owner.project };
}

export function ownerSelector(owner: Owner): string {
  return formatSelector(ownerLabels(owner));
}

/** Checked again on what a server returns, before anything is deleted. */
export function isOurs(object: KubeObject, owner: Owner): boolean {
  return Object.entries(ownerLabels(owner)).every(([key, value]) => object.metadata.labels?.[key] === value);
}

/** For messages about somebody else's object: what its labels say of it. */
export function describeOwner(object: KubeObject): string {
  const labels = object.metadata.labels ?? {};
  const said = [userLabel, projectLabel, managedByLabel]
    .filter((key) => labels[key] !== undefined)
    .map((key) => `${key}=${labels[key]}`);
  return said.length === 0 ? 'it carries none of our labels' : `its labels are ${said.join(', ')}`;
}
