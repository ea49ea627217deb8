import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packSnapshot } from '../../src/container/pack-snapshot.ts';
import { snapshotConfigMapNames, snapshotConfigMaps } from '../../src/container/snapshot-config-maps.ts';
import { storeSnapshot } from '../../src/container/store-snapshot.ts';
import { TarReader, tarEnd, tarHeader } from '../../src/container/tar.ts';
import { unpackSnapshot } from '../../src/container/unpack-snapshot.ts';
import { FilesystemStore } from '../../src/stores/filesystem-store.ts';
import { ProjectFolder } from './project-folder.ts';

let project: ProjectFolder;
let out: string;
beforeEach(() => {
  project = new ProjectFolder();
  out = mkdtempSync(path.join(tmpdir(), 'toolbox-out-'));
});
afterEach(() => {
  project[Symbol.dispose]();
  rmSync(out, { recursive: true, force: true });
});

const deep = `${'a-long-folder-name/'.repeat(8)}ünïcode file.txt`;

function fill(): void {
  project.write('src/train.py', 'print(1)\n');
  project.write('run.sh', '#!/bin/sh\n', 0o755);
  project.write(deep, 'deep');
  project.write('.gitignore', 'data/\n*.log\nbuild/\n');
  project.write('empty', '');
  project.write('large.bin', Buffer.alloc(300_001, 7));
  project.write('data/1.txt', 'ignored');
  project.write('run.log', 'ignored');
  symlinkSync('src/train.py', project.path('link.py'));
  symlinkSync(`nowhere/${'x'.repeat(120)}`, project.path('dangling'));
}

/** Path → what is there, of everything below a folder. */
function tree(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const stats = lstatSync(file);
    if (stats.isFile())
      found[path.relative(folder, file)] =
        `${(stats.mode & 0o100) !== 0 ? 'x ' : ''}${readFileSync(file, 'latin1')}`;
    else if (stats.isSymbolicLink()) found[path.relative(folder, file)] = `-> ${readlinkSync(file)}`;
  }
  return found;
}

const packed = ['.gitignore', deep, 'dangling', 'empty', 'large.bin', 'link.py', 'run.sh', 'src/train.py'];

describe('packing', () => {
  it('takes tracked files and untracked ones that are not ignored, as they are on disk', async () => {
    fill();
    project.commit();
    project.write('src/train.py', 'print(2)\n');
    project.write('new.py', 'new');
    project.write('run.log', 'still ignored');
    unlinkSync(project.path('empty'));
    const { file, digest } = await packSnapshot(project);
    await unpackSnapshot(file, digest, out, project.signal);
    expect(Object.keys(tree(out)).sort()).toEqual(
      [...packed, 'new.py'].filter((name) => name !== 'empty').sort(),
    );
    expect(tree(out)['src/train.py']).toBe('print(2)\n');
    expect(tree(out)['run.sh']).toBe('x #!/bin/sh\n');
  });

  it('works by .gitignore in a folder without a repository, and leaves none behind', async () => {
    fill();
    const { file, digest } = await packSnapshot(project);
    await unpackSnapshot(file, digest, out, project.signal);
    expect(Object.keys(tree(out)).sort()).toEqual([...packed].sort());
    expect(readdirSync(project.cwd)).not.toContain('.git');
  });

  it('never holds a secret or what is ours, tracked or not', async () => {
    fill();
    const secrets = [
      '.env',
      'sub/.env',
      '.env.bak',
      '.env.local',
      '.env~',
      '.ssh/id_rsa',
      '.toolbox/runs/x/record.json',
    ];
    for (const name of secrets) project.write(name, 'secret');
    project.write('.env.example', 'example');
    project.commit();
    project.write('build/job.yaml', 'rendered');
    project.write('.gitignore', '');
    const { file, digest } = await packSnapshot(project);
    await unpackSnapshot(file, digest, out, project.signal);
    expect(Object.keys(tree(out)).filter((name) => /env|ssh|toolbox|build/.test(name))).toEqual([
      '.env.example',
    ]);
    expect(gunzipSync(readFileSync(file)).includes('secret')).toBe(false);
  });

  it('takes submodules with it', async () => {
    using library = new ProjectFolder();
    library.write('lib.py', 'library');
    library.write('.gitignore', '*.tmp\n');
    library.commit();
    project.write('main.py', '');
    project.commit();
    project.git('submodule', '--quiet', 'add', library.cwd, 'vendor/lib');
    project.write('vendor/lib/edited.py', 'edited');
    project.write('vendor/lib/x.tmp', 'ignored there');
    const { file, digest } = await packSnapshot(project);
    await unpackSnapshot(file, digest, out, project.signal);
    expect(Object.keys(tree(out)).sort()).toEqual(
      ['.gitmodules', 'main.py', 'vendor/lib/.gitignore', 'vendor/lib/edited.py', 'vendor/lib/lib.py'].sort(),
    );
  });

  it('has nothing of a submodule that is not checked out', async () => {
    using library = new ProjectFolder();
    library.write('lib.py', 'pass\n');
    library.commit();
    project.write('main.py', 'main\n');
    project.commit();
    project.git('submodule', '--quiet', 'add', library.cwd, 'vendor/lib');
    project.git('submodule', '--quiet', 'deinit', '--force', 'vendor/lib');
    const { file } = await packSnapshot(project);
    expect(execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })).toBe(
      '.gitmodules\nmain.py\nvendor/\nvendor/lib/\n',
    );
  });

  it('packs the project’s own folder of a larger repository', async () => {
    project.write('elsewhere.py', '');
    project.write('mine/train.py', 'mine');
    project.commit();
    const { file, digest } = await packSnapshot({
      cwd: project.path('mine'),
      env: project.env,
      signal: project.signal,
    });
    await unpackSnapshot(file, digest, out, project.signal);
    expect(tree(out)).toEqual({ 'train.py': 'mine' });
  });

  it('gives the same tree the same digest, whatever times, owners and repositories, but not modes', async () => {
    fill();
    const first = await packSnapshot(project);
    using other = new ProjectFolder();
    execFileSync('cp', ['-a', `${project.cwd}/.`, other.cwd]);
    rmSync(other.path('.toolbox'), { recursive: true });
    other.commit();
    chownSync(other.path('src/train.py'), 1234, 1234);
    utimesSync(other.path('src/train.py'), 1, 1);
    expect((await packSnapshot(other)).digest).toBe(first.digest);
    chmodSync(other.path('src/train.py'), 0o640);
    expect((await packSnapshot(other)).digest).not.toBe(first.digest);
  });

  it('has the files that say what to run, and another digest of the code without them', async () => {
    fill();
    project.write('config/train.yaml', 'lr: 1\n');
    project.write('config/launch.yaml', 'model: {}\n');
    project.write('config/kube.yaml', 'user: me\n');
    project.write('sub/config/kube.yaml', 'a test of the code\n');
    const first = await packSnapshot(project);
    await unpackSnapshot(first.file, first.digest, out, project.signal);
    expect(tree(out)['config/kube.yaml']).toBe('user: me\n');
    project.write('config/kube.yaml', 'user: me\nretries: 2\n');
    project.write('config/launch.yaml', 'model: {a: {}}\n');
    const second = await packSnapshot(project);
    expect(second.digest).not.toBe(first.digest);
    expect(second.codeDigest).toBe(first.codeDigest);
    for (const name of ['config/train.yaml', 'sub/config/kube.yaml', 'src/train.py']) {
      project.write(name, `changed ${name}`);
      const { codeDigest } = await packSnapshot(project);
      expect(codeDigest, name).not.toBe(first.codeDigest);
      project.write(name, tree(out)[name] ?? '');
    }
    expect((await packSnapshot(project)).codeDigest).toBe(first.codeDigest);
  });

  it('keeps modes and empty folders, whatever the umask is', async () => {
    project.write('.gitignore', 'data/\n*.bin\n');
    const modes = { 'a/open.py': 0o666, 'a/own.py': 0o600, 'a/read.py': 0o444, 'a/run.sh': 0o751 };
    for (const name of Object.keys(modes)) project.write(name, name);
    for (const name of ['empty/inner', 'data/empty', 'models', 'build/empty']) project.folder(name);
    project.write('models/x.bin', 'ignored');
    for (const [name, mode] of Object.entries(modes)) chmodSync(project.path(name), mode);
    chmodSync(project.path('empty/inner'), 0o770);
    chmodSync(project.path('a'), 0o555);
    const { file, digest } = await packSnapshot(project);
    const umask = process.umask(0o077);
    try {
      await unpackSnapshot(file, digest, out, project.signal);
    } finally {
      process.umask(umask);
    }
    const mode = (name: string) => statSync(path.join(out, name)).mode & 0o777;
    for (const [name, expected] of Object.entries(modes)) expect(mode(name), name).toBe(expected);
    expect(mode('empty/inner')).toBe(0o770);
    expect(mode('a')).toBe(0o555);
    expect(readdirSync(out).sort()).toEqual(['.gitignore', 'a', 'empty', 'models']);
    expect(readdirSync(path.join(out, 'models'))).toEqual([]);
  });

  it('is written once for the same tree', async () => {
    fill();
    await packSnapshot(project);
    await packSnapshot(project);
    expect(readdirSync(project.path('.toolbox/code'))).toHaveLength(1);
    expect(statSync(project.path('.toolbox/code')).isDirectory()).toBe(true);
  });
});

describe('the archive', () => {
  it.each([
    ['tar', '-xzf'],
    ['busybox', 'tar', '-xzf'],
  ])('is read alike by %s', async (...reader) => {
    fill();
    const { file, digest } = await packSnapshot(project);
    const [command, ...args] = reader as [string, ...string[]];
    execFileSync(command, [...args, file, '-C', out]);
    const other = mkdtempSync(path.join(tmpdir(), 'toolbox-out-'));
    await unpackSnapshot(file, digest, other, project.signal);
    expect(tree(out)).toEqual(tree(other));
    expect(Object.keys(tree(out)).sort()).toEqual([...packed].sort());
    rmSync(other, { recursive: true });
  });

  it('is refused when damaged, and nothing is written', async () => {
    fill();
    const { file, digest } = await packSnapshot(project);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    project.write('damaged.tar.gz', bytes);
    const unpacking = unpackSnapshot(project.path('damaged.tar.gz'), digest, out, project.signal);
    await expect(unpacking).rejects.toMatchObject({ diagnostics: [{ code: 'CONTAINER_CODE_DAMAGED' }] });
    expect(readdirSync(out)).toEqual([]);
  });

  it.each(['../up', '/etc/passwd', 'a/../../b', '', 'a//b'])('cannot write to %j', async (name) => {
    const { createHash } = await import('node:crypto');
    const { gzipSync } = await import('node:zlib');
    const tar = Buffer.concat([tarHeader({ type: 'link', path: name, target: 'x' }), tarEnd]);
    project.write('evil.tar.gz', gzipSync(tar));
    const digest = createHash('sha256').update(tar).digest('hex');
    await expect(unpackSnapshot(project.path('evil.tar.gz'), digest, out, project.signal)).rejects.toThrow(
      'entry named',
    );
  });

  it('cannot write through a link of its own', async () => {
    const { createHash } = await import('node:crypto');
    const { gzipSync } = await import('node:zlib');
    mkdirSync(project.path('target'));
    const tar = Buffer.concat([
      tarHeader({ type: 'link', path: 'a', target: project.path('target') }),
      tarHeader({ type: 'file', path: 'a/b', mode: 0o644, size: 0 }),
      tarEnd,
    ]);
    project.write('evil.tar.gz', gzipSync(tar));
    const digest = createHash('sha256').update(tar).digest('hex');
    await expect(unpackSnapshot(project.path('evil.tar.gz'), digest, out, project.signal)).rejects.toThrow(
      'through the link',
    );
    expect(readdirSync(project.path('target'))).toEqual([]);
  });

  it('reads the same in pieces of any size', () => {
    const body = Buffer.from('x'.repeat(700));
    const tar = Buffer.concat([
      tarHeader({ type: 'file', path: `${'d/'.repeat(60)}f`, mode: 0o751, size: 700 }),
      body,
      Buffer.alloc(512 - (700 % 512)),
      tarHeader({ type: 'link', path: 'l', target: 't'.repeat(200) }),
      tarHeader({ type: 'folder', path: 'd'.repeat(99), mode: 0o750 }),
      tarHeader({ type: 'folder', path: 'd'.repeat(100), mode: 0o700 }),
      tarEnd,
    ]);
    for (const size of [1, 7, 511, 512, 513, 10_000]) {
      const seen: unknown[] = [];
      let data = '';
      const reader = new TarReader(
        (entry) => seen.push(entry),
        (chunk) => {
          data += chunk.toString();
        },
      );
      for (let at = 0; at < tar.length; at += size) reader.write(tar.subarray(at, at + size));
      reader.end();
      expect(seen).toEqual([
        { type: 'file', path: `${'d/'.repeat(60)}f`, mode: 0o751, size: 700 },
        { type: 'link', path: 'l', target: 't'.repeat(200) },
        { type: 'folder', path: 'd'.repeat(99), mode: 0o750 },
        { type: 'folder', path: 'd'.repeat(100), mode: 0o700 },
      ]);
      expect(data).toBe(body.toString());
    }
    const cut = new TarReader(
      () => {},
      () => {},
    );
    cut.write(tar.subarray(0, 800));
    expect(() => cut.end()).toThrow('cut off');
  });
});

describe('storing', () => {
  it('puts a snapshot into the bucket once', async () => {
    fill();
    const snapshot = await packSnapshot(project);
    const store = new FilesystemStore(out);
    expect(await storeSnapshot(snapshot, store, project.signal)).toBe('stored');
    expect(await storeSnapshot(snapshot, store, project.signal)).toBe('already there');
    const chunks: Uint8Array[] = [];
    await store.get(`.toolbox/code/${snapshot.digest}.tar.gz`, {
      write: (chunk) => void chunks.push(Buffer.from(chunk)),
      signal: project.signal,
    });
    expect(Buffer.concat(chunks)).toEqual(readFileSync(snapshot.file));
  });

  it('cuts it into ConfigMaps that fit, named by content and owner', () => {
    const packed = Buffer.alloc(2_000_000, 'abc');
    const snapshot = { digest: 'd'.repeat(64), packedSize: packed.length };
    const names = snapshotConfigMapNames(snapshot, { user: 'me', project: 'p' });
    const maps = snapshotConfigMaps(packed, names, { namespace: 'lab', labels: { user: 'me' } });
    expect(maps.map((map) => map.metadata.name)).toEqual(names);
    expect(names).toHaveLength(13);
    const pieces = maps.map((map, index) =>
      Buffer.from(
        (map['binaryData'] as Record<string, string>)[`part-${String(index).padStart(3, '0')}`] ?? '',
        'base64',
      ),
    );
    expect(Buffer.concat(pieces).equals(packed)).toBe(true);
    // `kubectl apply` keeps the object in an annotation of it, which may have 256 KiB.
    for (const map of maps) expect(JSON.stringify(map).length).toBeLessThan(250 * 1024);
    expect(snapshotConfigMapNames(snapshot, { user: 'you', project: 'p' })).not.toEqual(names);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  });
});
