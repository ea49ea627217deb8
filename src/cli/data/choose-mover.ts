import { execFileSync } from 'node:child_process';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import type { Bucket } from '../../open-bucket.ts';
import type { BulkMover } from '../../stores/bulk-mover.ts';

/**
 * The program that `s3_backend` in the config files names to move files; `undefined`: ourselves. The config is only read
 * where it can have that key, since most transfers need no config.
 */
export async function chooseMover(
  { sources, settings }: Bucket,
  context: Context,
): Promise<BulkMover | undefined> {
  const mentioned = [sources.launch, sources.kube].some((file) => file?.text.includes('s3_backend') === true);
  if (!mentioned || settings.endpoint.protocol === 'file:') return undefined;
  const { readConfig } = await import('../../config/read-config.ts');
  const config = readConfig(sources);
  if (!config.ok) throw new DiagnosticError(config.diagnostics, ExitCode.usage);
  if (config.value.project.s3_backend !== 's5cmd') return undefined;
  try {
    execFileSync('s5cmd', ['version'], { env: { ...context.env }, stdio: 'ignore' });
  } catch {
    context.stderr.write('s3_backend is s5cmd, which is not installed; moving the files without it\n');
    return undefined;
  }
  const { createS5cmdMover } = await import('../../stores/s5cmd.ts');
  const { credentials: given } = settings;
  const credentials =
    given === 'chain'
      ? (await import('../../stores/credential-chain.ts')).credentialChain(settings)
      : async () => (given === 'none' ? undefined : given);
  const tell = (line: string) => void context.stderr.write(`${line}\n`);
  return createS5cmdMover({ settings, env: context.env, credentials, tell });
}
