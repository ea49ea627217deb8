import { prepareCode } from '../../src/container/prepare-code.ts';
import type { ProjectFolder } from './project-folder.ts';

/** Pins the code of a sweep without a bucket, as `make job` does first. */
export function prepare(project: ProjectFolder, kind: 'git' | 'snapshot') {
  return prepareCode({
    cwd: project.cwd,
    env: project.env,
    signal: project.signal,
    kinds: new Set([kind]),
    repository: { sshHost: 'git.example.org', sshPort: 22, owner: 'me', project: 'example' },
    secrets: ['canary-zz-12345', 'short'],
    bucket: false,
    toolbox: false,
    owner: { user: 'me', project: 'example' },
  });
}
