import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const tools =
  'bash dash cat cp mkdir rm ls chmod chown dirname id mktemp readlink ln stat sleep tar gzip env sed sort sha256sum echo';

/** A small Debian image: bash and the basic tools, and neither Node, make, git nor a C++ library. */
export function minimalFiles(root: string): void {
  for (const folder of ['usr/bin', 'usr/lib', 'usr/lib64'])
    mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, 'usr/.own'), '');
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name));
  for (const tool of tools.split(' ')) {
    const program = realpathSync(execFileSync('sh', ['-c', `which ${tool}`], { encoding: 'utf8' }).trim());
    copyFileSync(program, path.join(root, 'usr/bin', tool));
    for (const [library] of execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/\/\S+/g)) {
      const target = path.join(root, 'usr', library.replace(/^\/usr\//, ''));
      mkdirSync(path.dirname(target), { recursive: true });
      if (!existsSync(target)) copyFileSync(library, target);
    }
  }
  symlinkSync('dash', path.join(root, 'usr/bin/sh'));
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\n');
}
