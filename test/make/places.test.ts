import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { installStandIn, make, run, temporaryFolder } from './stand-in.ts';

describe('where the Makefile works from', () => {
  it("its own repository's root", async () => {
    await using folder = await temporaryFolder();
    await installStandIn(folder.path);
    expect(await make(folder.path, ['plan'])).toMatchObject({ argv: ['plan'], cwd: folder.path });
  });

  it('included from an installed package', async () => {
    await using project = await temporaryFolder();
    await installStandIn(path.join(project.path, 'node_modules/kube-toolbox'));
    await writeFile(path.join(project.path, 'Makefile'), 'include node_modules/kube-toolbox/Makefile\n');
    expect(await make(project.path, ['plan'])).toMatchObject({ argv: ['plan'], cwd: project.path });
  });

  it('through a link to a submodule', async () => {
    await using project = await temporaryFolder();
    await installStandIn(path.join(project.path, 'src/toolbox'));
    await symlink('src/toolbox/Makefile', path.join(project.path, 'Makefile'));
    expect(await make(project.path, ['plan', 'a=b'])).toMatchObject({
      argv: ['plan', '--a=b'],
      cwd: project.path,
    });
  });

  it('through links out of the project, spaces and quotes in the way', async () => {
    await using elsewhere = await temporaryFolder("some one's");
    await using project = await temporaryFolder();
    await installStandIn(path.join(elsewhere.path, 'tool box'));
    await symlink(path.join(elsewhere.path, 'tool box'), path.join(project.path, 'link'));
    await symlink('link/Makefile', path.join(project.path, 'Makefile'));
    expect(await make(project.path, ['plan'])).toMatchObject({ argv: ['plan'], cwd: project.path });
    // The second call finds everything in place.
    expect(await make(project.path, ['plan'])).toMatchObject({ argv: ['plan'] });
  });

  it('named with -f or included, spaces and quotes in the way', async () => {
    await using elsewhere = await temporaryFolder("some one's");
    await using project = await temporaryFolder();
    await installStandIn(path.join(elsewhere.path, 'tool box'));
    const makefile = path.join(elsewhere.path, 'tool box/Makefile');
    const seen = { argv: ['plan'], cwd: project.path };
    expect(await make(project.path, ['-f', makefile, 'plan'])).toMatchObject(seen);
    const { stdout, stderr } = await run(project.path, 'make', ['-f', makefile]);
    expect(stderr).toBe('');
    expect(stdout.match(/^ {2}local-first /gm)).toHaveLength(1);

    await writeFile(path.join(project.path, 'Makefile'), `include ${makefile.replaceAll(' ', '\\ ')}\n`);
    expect(await make(project.path, ['plan'])).toMatchObject(seen);
  });

  it('from another folder with -C', async () => {
    await using folder = await temporaryFolder();
    await installStandIn(folder.path);
    expect(await make('/', ['-s', '--no-print-directory', '-C', folder.path, 'plan'])).toMatchObject({
      cwd: folder.path,
    });
  });

  it('beside files and folders that are called like targets', async () => {
    await using folder = await temporaryFolder();
    await installStandIn(folder.path);
    for (const name of ['plan', 'build', 'data', 'test', 'status']) await mkdir(path.join(folder.path, name));
    await writeFile(path.join(folder.path, 'local'), '');
    for (const target of ['plan', 'local', 'status']) {
      expect((await make(folder.path, [target])).argv).toEqual([target]);
    }
  });
});

describe("a user's own targets", () => {
  it('come from project.mk, listed with their summaries', async () => {
    await using project = await temporaryFolder();
    await installStandIn(path.join(project.path, 'src/toolbox'));
    await symlink('src/toolbox/Makefile', path.join(project.path, 'Makefile'));
    await writeFile(path.join(project.path, 'project.mk'), 'paper: ## Build the paper\n\t@echo made\n');
    expect((await run(project.path, 'make', ['paper'])).stdout).toBe('made\n');
    expect((await run(project.path, 'make', [])).stdout).toMatch(
      /\nThis project\n {2}paper +Build the paper\n$/,
    );
  });

  it('may be in the Makefile that includes ours', async () => {
    await using project = await temporaryFolder();
    await installStandIn(path.join(project.path, 'src/toolbox'));
    const text = 'include src/toolbox/Makefile\npaper: ## Build the paper\n\t@echo built\n';
    await writeFile(path.join(project.path, 'Makefile'), text);
    const { stdout } = await run(project.path, 'make', []);
    expect(stdout).toMatch(/\nThis project\n {2}paper +Build the paper\n$/);
    expect(stdout.match(/^ {2}local-first /gm)).toHaveLength(1);
  });

  it('may have the names of development targets, which exist at the own root only', async () => {
    await using project = await temporaryFolder();
    await installStandIn(path.join(project.path, 'node_modules/kube-toolbox'));
    await writeFile(
      path.join(project.path, 'Makefile'),
      'include node_modules/kube-toolbox/Makefile\ntest:\n\t@echo mine\n',
    );
    const ran = await run(project.path, 'make', ['test']);
    expect(ran).toEqual({ code: 0, stdout: 'mine\n', stderr: '' });
    expect((await run(project.path, 'make', ['bench'])).code).not.toBe(0);
    expect((await run(project.path, 'make', [])).stdout).not.toContain('Develop');
  });
});

describe('make clean', () => {
  it('removes build/ and leaves run records alone', async () => {
    await using folder = await temporaryFolder();
    await installStandIn(folder.path);
    await mkdir(path.join(folder.path, 'build'));
    await mkdir(path.join(folder.path, '.toolbox/runs'), { recursive: true });
    await run(folder.path, 'make', ['clean']);
    const left = await readdir(folder.path);
    expect(left).toContain('.toolbox');
    expect(left).not.toContain('build');
  });
});

describe('make alone', () => {
  it('lists every target once, with its summary, before anything is installed', async () => {
    await using folder = await temporaryFolder();
    await installStandIn(folder.path);
    await rm(path.join(folder.path, 'dist'), { recursive: true });
    const { stdout, code } = await run(folder.path, 'make', [], { PATH: '/usr/bin:/bin' });
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}(\S.*?) {2,}(\S.*)$/gm)].flatMap((line) =>
      (line[1] ?? '').split(', '),
    );
    expect(new Set(listed).size).toBe(listed.length);
    const phony =
      (await run(folder.path, 'make', ['-pn', 'help'])).stdout.match(/^\.PHONY: (.*)$/m)?.[1] ?? '';
    const targets = phony.split(' ').filter((name) => name !== '.ready');
    expect(listed.toSorted()).toEqual(targets.toSorted());
    expect(await readdir(folder.path)).not.toContain('.ready');
  });
});
