import { mkdirSync, readFileSync } from 'node:fs';
import { type Ran, type RunOptions, Sandbox } from './sandbox.ts';

/** A sandbox for a trial, with a stand-in for the toolbox, whose bucket is the folder `/bucket`. */
export class TrialSandbox extends Sandbox {
  /** Runs a command as a trial's, in `/image`. */
  static readonly script: readonly string[] = ['bash', '/kube-toolbox/scripts/run.sh'];
  static readonly env: Readonly<Record<string, string>> = {
    TOOLBOX_WORK: '/kube-toolbox/workspace',
    TOOLBOX_PROJECT: 'example',
    HOME: '/root',
  };

  constructor() {
    super();
    this.write('opt/toolbox/bin/ktb', toolbox, 0o755);
    mkdirSync(this.path('bucket'), { mode: 0o777 });
    mkdirSync(this.path('image'));
  }

  trial(command: string, env: Readonly<Record<string, string>> = {}, options: RunOptions = {}): Ran {
    const whole = { cwd: '/image', ...options, env: { ...TrialSandbox.env, ...env } };
    return this.run([...TrialSandbox.script, command], whole);
  }

  text(inside: string): string {
    return readFileSync(this.path(inside), 'utf8');
  }
}

const toolbox = `#!/bin/sh
for word; do case $word in --file=*) file=\${word#--file=} ;; --allow_empty=true) empty=1 ;; esac; done
[ ! -e /bucket/refuses ] || exit 3
[ -z "$empty" ] || [ "$1" = download ] || [ -n "$(ls -A "$file" 2>/dev/null)" ] || exit 0
case $1 in
  upload) mkdir -p "/bucket/$(dirname "$file")" && cp -R "\${file%/}" "/bucket/$(dirname "$file")/" && echo "Uploaded $file" ;;
  download) [ -e "/bucket/$file" ] || exit 1; mkdir -p "$(dirname "$file")" && cp -R "/bucket/\${file%/}" "$(dirname "$file")/" && echo "Downloaded $file" ;;
esac
`;
