import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { localEnvironment } from '../executors/local-environment.ts';
import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';
import { type DebugEntry, debugEntry } from './debug/debug-entry.ts';
import { mergeLaunchJson } from './debug/launch-json.ts';
import { filterOf } from './local/select-locally.ts';
import { openPlan } from './project.ts';

const file = '.vscode/launch.json';

export const command = defineCommand({
  name: 'debug',
  flags: {
    where: { kind: 'string', value: "'KEY=VALUE ...'", summary: 'only these trials, as for local' },
  },
  example: "make debug where='model=vit'",
  async run({ where }, context) {
    const { matrix, plan } = await openPlan(context, { side: 'local' });
    const keeps = filterOf(where, matrix);
    const entries: DebugEntry[] = [];
    const passed: string[] = [];
    for (const spec of plan) {
      if (!keeps(spec.trial)) continue;
      const { env } = localEnvironment(spec, {
        root: '${workspaceFolder}',
        base: () => ({}),
        // VS Code reads .env itself, so that no secret is copied into a file that is often committed.
        dotenv: new Map(),
        sweepId: 'debug',
      });
      const entry = debugEntry(spec.name, spec.command, env);
      if (entry === undefined) passed.push(spec.name);
      else entries.push(entry);
    }
    const target = path.join(context.cwd, file);
    const before = await readFile(target, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, mergeLaunchJson(before, entries));
    context.stderr.write(`Wrote ${entries.length} debugger entries to ${file}\n`);
    for (const name of passed) {
      context.stderr.write(`Left out ${name}: its command is not one plain call of python or torchrun\n`);
    }
    return ExitCode.ok;
  },
});
