import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openRenderer } from '../../src/cli/render/open-renderer.ts';
import { loadSources } from '../../src/config/load.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { assemble } from '../../src/matrix/assemble.ts';
import { expand } from '../../src/matrix/expand.ts';
import { imageProject } from '../container/image-project.ts';

it('puts SSH keys into the Secret, and nowhere else', async () => {
  using project = imageProject();
  project.write('.ssh/id_ed25519', 'DEPLOY');
  project.write('.ssh/github', 'STANDARD');
  project.write(
    'config/kube.yaml',
    `${readFileSync(project.path('config/kube.yaml'), 'utf8')}identity: {user: jdoe, uid: 5, group: lab, gid: 6}\n`,
  );
  const config = readConfig(await loadSources({ cwd: project.cwd }));
  if (!config.ok) throw new Error('the project is wrong');
  const matrix = expand(config.value);
  if (!matrix.ok) throw new Error('the matrix is wrong');
  const plan = assemble(config.value, matrix.value, { side: 'remote' });
  if (!plan.ok) throw new Error('the plan is wrong');
  const git = { kind: 'git', commit: 'c'.repeat(40), url: 'git@example.org:x.git' } as const;
  const renderer = await openRenderer({ cwd: project.cwd, env: { HOME: project.cwd } }, config.value, {
    git,
  });
  const job = renderer.job(plan.value.at(0));
  if (!job.ok) throw new Error(job.diagnostics.map((each) => each.message).join());
  const texts = [job.value.workload, ...job.value.support];
  for (const key of ['DEPLOY', 'STANDARD']) {
    const base64 = Buffer.from(key).toString('base64');
    const holders = texts.filter(({ object }) => {
      const text = JSON.stringify(object);
      return text.includes(base64) || text.includes(Buffer.from(base64).toString('base64'));
    });
    expect(holders.map(({ kind }) => kind)).toEqual(['Secret']);
  }
  expect(job.value.workload.object.metadata.annotations).toMatchObject({
    'kube-toolbox/code': `git:${git.commit}`,
  });
});
