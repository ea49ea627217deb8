import type { Config } from '../../config/config.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { ExitCode } from '../../exit-code.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { packTrials } from '../../matrix/pack.ts';
import { applyPolicy } from '../../policy/apply-policy.ts';
import { ownEnv, podDotenv } from '../../render/environment.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';

/**
 * Packs the trials that ask for it. What a policy says of a trial it says of the pod that several of them share.
 *
 * @throws DiagnosticError (exit 2) where the policy refuses what a pack asks for
 */
export function packSpecs(specs: Iterable<JobSpec>, config: Config, context: Context): readonly JobSpec[] {
  const { policy } = config;
  const packs = packTrials(specs, ({ env, fields }) =>
    ownEnv(env, podDotenv(config.dotenv, fields.endpoint_map)),
  );
  if (policy === undefined) return packs;
  const locate = () => config.locate('kube', ['policy']);
  return packs.map((spec) => {
    const { cpu_count, memory, ephemeral_storage } = spec.fields;
    const asked = { cpu_count, memory, ephemeral_storage };
    const { fields, diagnostics } = applyPolicy(policy, { kind: 'job', fields: asked, command: '' }, locate);
    if (spec.fields.pack <= 1 || diagnostics.length === 0) return spec;
    if (diagnostics.some(({ severity }) => severity === 'error'))
      throw new DiagnosticError(diagnostics, ExitCode.usage);
    reportDiagnostics(diagnostics, context);
    return { ...spec, fields: { ...spec.fields, ...fields } };
  });
}
