// Generated from schemas/ by scripts/generate.ts. Change the schema, then: npm run generate

import type { WrittenFields } from './written-fields.ts';

/**
 * config/launch.yaml: what to run.
 */
export interface WrittenLaunch extends WrittenFields {
  /**
   * Name of the project; part of every trial's name. May be in `launch.yaml` instead; in both, they must agree. Without a `kube.yaml`, the default is the name of the folder.
   */
  project_name?: string;
  /**
   * Model name → its command, hyperparameters and fields.
   */
  model: {
    [k: string]: WrittenFields & {
      /**
       * Bash text to run. `[local](remote)` differs between local and remote runs, `<name>` is a hyperparameter's value, `## … ##` is a comment. Needed unless `local_command` and `remote_command` are both given.
       */
      command?: string;
      /**
       * The command of local runs, instead of `command`.
       */
      local_command?: string;
      /**
       * The command of remote runs, instead of `command`.
       */
      remote_command?: string;
      /**
       * Hyperparameter → value, list of values, or named groups of values. A leading `_` keeps it out of the trial's name.
       */
      hparam?: {
        /**
         * @minItems 1
         */
        [k: string]:
          | string
          | string[]
          | {
              [k: string]: {
                [k: string]: string;
              };
            };
      } | null;
    };
  };
  /**
   * Dataset name → its hyperparameters and fields. Without it there is one dataset with an empty name.
   */
  dataset?: {
    [k: string]: WrittenFields & {
      /**
       * Hyperparameter → value, list of values, or named groups of values. A leading `_` keeps it out of the trial's name.
       */
      hparam?: {
        /**
         * @minItems 1
         */
        [k: string]:
          | string
          | string[]
          | {
              [k: string]: {
                [k: string]: string;
              };
            };
      } | null;
    } | null;
  } | null;
  /**
   * What to run: a selection, or a list of them. Default: every model on every dataset with every hyperparameter.
   *
   * @minItems 1
   */
  run?:
    | {
        /**
         * Models to run: one name or a list. Default: all.
         *
         * @minItems 1
         */
        model?: string | string[] | null;
        /**
         * Datasets to run on: one name or a list. Default: all.
         *
         * @minItems 1
         */
        dataset?: string | string[] | null;
        /**
         * Hyperparameter → the values to keep. Groups are named.
         */
        hparam?: {
          /**
           * @minItems 1
           */
          [k: string]: string | string[];
        } | null;
      }
    | {
        /**
         * Models to run: one name or a list. Default: all.
         *
         * @minItems 1
         */
        model?: string | string[] | null;
        /**
         * Datasets to run on: one name or a list. Default: all.
         *
         * @minItems 1
         */
        dataset?: string | string[] | null;
        /**
         * Hyperparameter → the values to keep. Groups are named.
         */
        hparam?: {
          /**
           * @minItems 1
           */
          [k: string]: string | string[];
        } | null;
      }[]
    | null;
  /**
   * What `make job` submits to.
   */
  backend?: 'kubernetes' | 'runai';
  /**
   * Kubeconfig context. Default: the current one.
   */
  context?: string | null;
  /**
   * Requests under way at once against the cluster.
   */
  concurrency?: number;
  /**
   * At most this many trials of the sweep run at once; the others wait suspended. `null`, the default: no limit.
   */
  max_parallel?: number | null;
  /**
   * A matrix of more trials than this is refused before anything is built.
   */
  max_trials?: number;
  /**
   * Policy pack to keep to: `nrp`, or the path of a file.
   */
  policy?: string | null;
  /**
   * What moves files from and to the bucket: `builtin`, or `s5cmd` where that is installed.
   */
  s3_backend?: 'builtin' | 's5cmd';
}
