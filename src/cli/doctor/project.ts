import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Context } from '../../context.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { type Check, type Finding, ok, problem, warning } from './check.ts';
import { ask } from './program.ts';

export const projectChecks: readonly Check[] = [
  { topic: 'Project', name: 'configuration', run: checkConfiguration },
  { topic: 'Project', name: '.env', run: checkDotEnv },
  { topic: 'Project', name: '.toolbox', run: checkToolboxFolder },
  { topic: 'Project', name: 'lock', run: checkLock },
];

/** The whole pure line: what it refuses, `make local` would refuse. */
async function checkConfiguration(context: Context): Promise<readonly Finding[]> {
  const { loadSources } = await import('../../config/load.ts');
  const { readConfig } = await import('../../config/read-config.ts');
  const { expand } = await import('../../matrix/expand.ts');
  const { assemble } = await import('../../matrix/assemble.ts');
  const sources = await loadSources(context);
  const config = readConfig(sources);
  if (!config.ok) return [wrong(config.diagnostics)];
  const matrix = expand(config.value);
  if (!matrix.ok) return [wrong(matrix.diagnostics)];
  const plan = assemble(config.value, matrix.value, { side: 'local' });
  if (!plan.ok) return [wrong(plan.diagnostics)];
  const warnings = [...config.diagnostics, ...matrix.diagnostics, ...plan.diagnostics];
  const files = ['config/launch.yaml', ...(sources.kube === undefined ? [] : ['config/kube.yaml'])].join(
    ' and ',
  );
  const count = matrix.value.length;
  const message = `${files}: ${count} trial${count === 1 ? '' : 's'}`;
  if (warnings.length === 0) return [ok(message)];
  return [{ state: 'warning', message, mend: 'read the warnings below', diagnostics: warnings }];
}

function wrong(diagnostics: readonly Diagnostic[]): Finding {
  const count = diagnostics.filter(({ severity }) => severity === 'error').length;
  return {
    state: 'problem',
    message: `the configuration has ${count} error${count === 1 ? '' : 's'}`,
    mend: 'correct what is shown below',
    diagnostics,
  };
}

async function checkDotEnv(context: Context): Promise<readonly Finding[]> {
  const file = path.join(context.cwd, '.env');
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return [];
  const findings: Finding[] = [];
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    findings.push(warning(`.env may be read by others on this machine (mode ${mode})`, 'chmod 600 .env'));
  }
  const tracked = await ask(context, 'git', ['ls-files', '--error-unmatch', '.env']);
  const ignored = await ask(context, 'git', ['check-ignore', '-q', '.env']);
  if (tracked?.code === 0) {
    const mend =
      'git rm --cached .env; echo .env >> .gitignore; and replace the credentials that were committed';
    findings.push(problem('.env is committed to git, with its secrets', mend));
  } else if (ignored?.code === 1) {
    findings.push(warning('.env is not ignored by git', 'echo .env >> .gitignore'));
  }
  return findings.length > 0 ? findings : [ok('.env is private')];
}

async function checkToolboxFolder(context: Context): Promise<readonly Finding[]> {
  const folder = path.join(context.cwd, '.toolbox');
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    return [problem('.toolbox is not a folder; run records and logs go there', 'move it away')];
  }
  const [place, name] = found === undefined ? [context.cwd, 'this folder'] : [folder, '.toolbox'];
  try {
    await access(place, constants.W_OK | constants.X_OK);
    return [ok('.toolbox can be written')];
  } catch {
    return [problem(`${name} cannot be written; run records and logs go there`, `chown or chmod ${place}`)];
  }
}

async function checkLock(context: Context): Promise<readonly Finding[]> {
  const { findLockHolder } = await import('../../records/project-lock.ts');
  const holder = findLockHolder(context.cwd);
  if (holder === undefined) return [ok('no other toolbox runs trials here')];
  const { process: owner, host, since, command } = holder;
  const who = `pid ${owner.pid} on ${host} since ${since} (${command})`;
  return [warning(`another toolbox runs trials here: ${who}`, 'wait for it before you type make local')];
}
