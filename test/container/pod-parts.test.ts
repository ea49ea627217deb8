import { describe, expect, it } from 'vitest';
import type { CodePlacement } from '../../src/container/code-placement.ts';
import { type ContainerInput, podParts } from '../../src/container/pod-parts.ts';

const git: CodePlacement = { kind: 'git', commit: 'c'.repeat(40), url: 'git@github.com:me/x.git' };
const small: CodePlacement = {
  kind: 'snapshot',
  digest: 'd'.repeat(64),
  from: { store: 'configmaps', names: ['code-1-0', 'code-1-1'] },
};
const large: CodePlacement = {
  kind: 'snapshot',
  digest: 'd'.repeat(64),
  from: { store: 'bucket', key: '.toolbox/code/d.tar.gz' },
};

function parts(fields: Partial<ContainerInput['fields']> = {}, rest: Partial<ContainerInput> = {}) {
  return podParts({
    project: 'example',
    command: 'true',
    condaEnvironment: 'example',
    fields: { image: 'lab/image', ...fields },
    code: { kind: 'image' },
    hasFiles: false,
    ...rest,
  });
}

describe('podParts', () => {
  it('adds no container where nothing is asked for', () => {
    const plain = parts();
    expect(plain.initContainers).toEqual([]);
    expect(plain.command).toEqual(['bash', '/kube-toolbox/scripts/run.sh']);
    expect(plain.args).toEqual(['true']);
    expect(plain.terminationGracePeriodSeconds).toBeUndefined();
    expect(plain.volumes.map(({ name }) => name)).toEqual(['scripts', 'work']);
  });

  it('copies the toolbox from its image, first, and mounts it read-only', () => {
    const { initContainers, mounts } = parts({ toolbox_image: 'lab/toolbox' }, { code: small });
    expect(initContainers.map(({ name, image }) => [name, image])).toEqual([
      ['toolbox', 'lab/toolbox'],
      ['code', 'lab/toolbox'],
    ]);
    expect(initContainers[0]?.command).toEqual(['/opt/toolbox/container/copy.sh', '/kube-toolbox/toolbox']);
    expect(mounts).toContainEqual({ volume: 'toolbox', path: '/opt/toolbox', readOnly: true });
  });

  it('tells the startup script the repository and the commit', () => {
    const { env, initContainers } = parts({ ssh_host: 'git.example.org', ssh_port: 30622 }, { code: git });
    expect(initContainers).toEqual([]);
    expect(env).toMatchObject({
      TOOLBOX_CODE: 'git',
      TOOLBOX_GIT_COMMIT: git.commit,
      TOOLBOX_GIT_URL: git.url,
      TOOLBOX_SSH_HOST: 'git.example.org',
      TOOLBOX_SSH_PORT: '30622',
    });
  });

  it('gives the bucket’s credentials only to containers that need them', () => {
    const [fromMaps] = parts({}, { code: small }).initContainers;
    expect(fromMaps).toMatchObject({
      image: 'lab/image',
      secrets: false,
      env: { TOOLBOX_CODE_PARTS: '/kube-toolbox/code' },
    });
    const [fromBucket] = parts({}, { code: large }).initContainers;
    expect(fromBucket).toMatchObject({ secrets: true, env: { TOOLBOX_CODE_KEY: '.toolbox/code/d.tar.gz' } });
    expect(parts({}, { code: small }).volumes).toContainEqual({
      name: 'code',
      configMaps: [
        { name: 'code-1-0', key: 'part-000' },
        { name: 'code-1-1', key: 'part-001' },
      ],
    });
  });

  it('adds a sidecar only for outputs that are uploaded meanwhile', () => {
    expect(parts({ syncEverySeconds: 60 }).initContainers).toEqual([]);
    const { initContainers, env, terminationGracePeriodSeconds } = parts({
      outputs: ['out/a/', 'b'],
      syncEverySeconds: 60,
    });
    expect(initContainers).toMatchObject([
      {
        name: 'sync',
        sidecar: true,
        secrets: true,
        env: { TOOLBOX_OUTPUTS: 'out/a/\nb', TOOLBOX_SYNC_EVERY: '60' },
      },
    ]);
    expect(env).toMatchObject({ TOOLBOX_OUTPUTS: 'out/a/\nb', TOOLBOX_SYNC: '1', TOOLBOX_GRACE: '120' });
    expect(terminationGracePeriodSeconds).toBe(120);
  });

  it('runs the entrypoint first where there is an identity, and gives volumes its group', () => {
    const { command, env, fsGroup } = parts({}, { identity: { env: { NB_USER: 'jdoe' }, gid: 83070 } });
    expect(command).toEqual([
      'sh',
      '/kube-toolbox/scripts/entrypoint.sh',
      'bash',
      '/kube-toolbox/scripts/run.sh',
    ]);
    expect(env).toMatchObject({ NB_USER: 'jdoe' });
    expect(fsGroup).toBe(83070);
  });

  it('knows an empty startup script from none', () => {
    expect(parts({ startup_script: '' }).env).toHaveProperty('TOOLBOX_STARTUP_SCRIPT', '');
    expect(parts({ startup_script: undefined }).env).not.toHaveProperty('TOOLBOX_STARTUP_SCRIPT');
  });
});
