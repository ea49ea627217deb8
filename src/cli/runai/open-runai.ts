import { executors } from '../../backends.ts';
import type { Config } from '../../config/config.ts';
import { readSshKeys } from '../../container/ssh-keys.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError } from '../../diagnostics/diagnostic.ts';
import { createRunaiCli, type RunaiCli } from '../../executors/runai/runai-cli.ts';
import type { RunaiExecutor } from '../../executors/runai/runai-executor.ts';
import {
  type RunaiSettings,
  type RunaiSources,
  resolveRunaiSettings,
} from '../../executors/runai/settings.ts';
import { formatSubmitArguments } from '../../executors/runai/submit-arguments.ts';
import { podWorkload, trialWorkload } from '../../executors/runai/workload.ts';
import { ExitCode } from '../../exit-code.ts';
import type { JobSpec } from '../../matrix/job-spec.ts';
import { DiskRecordStore } from '../../records/record-store.ts';
import { podDotenv } from '../../render/environment.ts';
import { reportDiagnostics } from '../report-diagnostics.ts';
import { ignoredFields } from './ignored-fields.ts';

/** Milliseconds between two looks at run:ai's listing, each of which is a process and a request. */
const pollInterval = 2000;

/** The command line of run:ai is a heavy process; more at once only make each slower. */
export const maxProcesses = 4;

/** A project whose trials run on run:ai. */
export interface RunaiProject {
  /** Settings as kube.yaml and the root of launch.yaml give them. */
  readonly settings: RunaiSettings;
  readonly cli: RunaiCli;
  readonly executor: RunaiExecutor;
  readonly records: DiskRecordStore;
  /** The command line that submits the interactive pod, `runai` first. */
  readonly podCommandLine: (spec: JobSpec) => readonly string[];
  /** What the Secret holds: `.env`, with the SSH keys filled in. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * Brings the files, `.env` and the user's SSH keys together. Starts nothing.
 *
 * @throws DiagnosticError (exit 2) for a setting that is missing, or a key that cannot be read
 */
export async function openRunai(
  config: Config,
  context: Context,
  options: { readonly json?: boolean } = {},
): Promise<RunaiProject> {
  const { variables: written } = config.dotenv;
  const { cwd, env } = context;
  const keys = await readSshKeys({
    variables: written,
    cwd,
    home: env['HOME'],
    identity: true,
    deployKey: false,
  });
  const dotenv = { ...config.dotenv, variables: new Map([...written, ...keys]) };
  const fields = { ...config.policy?.defaults, ...config.kube, ...config.root };
  const variables = podDotenv(dotenv, fields.endpoint_map);
  const resolve = once((sources: RunaiSources) => {
    const location = config.locate('kube', ['runai']);
    const checked = resolveRunaiSettings(sources, variables, config.project.namespace, location);
    if (!checked.ok) throw new DiagnosticError(checked.diagnostics, ExitCode.usage);
    return checked.value;
  });
  const settings = resolve(sourcesOf(fields));
  reportDiagnostics(ignoredFields(config), context);
  const cli = createRunaiCli(env, cwd);
  const { createRunaiExecutor } = await executors.runai();
  const records = new DiskRecordStore(cwd, (warning) => reportDiagnostics([warning], context, options));
  return {
    settings,
    cli,
    records,
    executor: createRunaiExecutor({
      records,
      now: context.now,
      project: settings.project,
      cli,
      pollInterval,
      commandLine: (spec) => {
        const own = resolve(sourcesOf(spec.fields));
        return formatSubmitArguments(trialWorkload(spec, config, own), own);
      },
    }),
    podCommandLine: (spec) => {
      const own = resolve(sourcesOf(spec.fields));
      return formatSubmitArguments(podWorkload(spec, config, own), own);
    },
    variables,
  };
}

function sourcesOf({ runai, identity, run_as_user, run_as_group, host_ipc }: RunaiSources): RunaiSources {
  return { runai, identity, run_as_user, run_as_group, host_ipc };
}

/** Most trials have the same settings, which are worked out once. */
function once<A, R>(work: (argument: A) => R): (argument: A) => R {
  const known = new Map<string, R>();
  return (argument) => {
    const key = JSON.stringify(argument);
    let result = known.get(key);
    if (result === undefined) {
      result = work(argument);
      known.set(key, result);
    }
    return result;
  };
}
