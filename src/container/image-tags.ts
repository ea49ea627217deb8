import type { Context } from '../context.ts';
import { readGitState } from './git-state.ts';

/**
 * The tags of a build: `latest` and the commit, 12 digits, with `-dirty` where the tree differs from it. Without
 * a repository only `latest`.
 */
export async function imageTags(image: string, context: Context): Promise<readonly string[]> {
  const state = await readGitState(context.cwd, context.env, context.signal);
  const commit = state && `${state.commit.slice(0, 12)}${state.changes.length > 0 ? '-dirty' : ''}`;
  return [`${image}:latest`, ...(commit === undefined ? [] : [`${image}:${commit}`])];
}
