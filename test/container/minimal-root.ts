import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const tools =
  'bash dash cat cp mkdir rm rmdir ls mv chmod chown chroot dirname find id mktemp readlink ln stat sleep tar gzip env ' +
  'sed sort sha256sum echo base64 grep tr touch true setpriv';

/** A small Debian image: bash and the basic tools, and neither Node, make, git nor a C++ library. */
export function minimalFiles(root: string): void {
  for (const folder of ['usr/bin', 'usr/lib', 'usr/lib64'])
    mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, 'usr/.own'), '');
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name));
  for (const tool of tools.split(' '))
    addProgram(root, execFileSync('sh', ['-c', `which ${tool}`], { encoding: 'utf8' }).trim(), tool);
  symlinkSync('dash', path.join(root, 'usr/bin/sh'));
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\n');
  writeFileSync(path.join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** A program of this machine as `/usr/bin/NAME`, with the libraries that it is linked to. */
export function addProgram(root: string, program: string, name: string): void {
  const file = realpathSync(program);
  copyFileSync(file, path.join(root, 'usr/bin', name));
  for (const [library] of execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/\/\S+/g)) {
    // Where the loader looks without a cache of libraries; itself it is known by its path.
    const folder = library.startsWith('/lib64/') ? 'usr/lib64' : 'usr/lib';
    const target = path.join(root, folder, path.basename(library));
    if (!existsSync(target)) copyFileSync(library, target);
  }
}
