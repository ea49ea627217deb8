// Generated from schemas/ by scripts/generate.ts. Change the schema, then: npm run generate

import type { WrittenFields } from './written-fields.ts';

/**
 * A policy pack: a cluster's rules as data. `policy:` in config/kube.yaml names a shipped one, or the path of a lab's own.
 */
export interface WrittenPolicy {
  /**
   * What messages call the pack.
   */
  name: string;
  /**
   * One line for people.
   */
  description?: string;
  /**
   * Fields a project gets where it says nothing itself: above the built-in defaults, below config/kube.yaml.
   */
  defaults?: WrittenFields & {
  };
  /**
   * Region of a node (its label `topology.kubernetes.io/region`) → suffix: on such a node `AWS_ACCESS_KEY_ID_SUFFIX`, `AWS_SECRET_ACCESS_KEY_SUFFIX` and `S3_ENDPOINT_URL_SUFFIX` of `.env`, where all three are there, take the place of the names without suffix.
   */
  regions?: {
    [k: string]: string;
  };
  /**
   * Held against every workload, in this order.
   *
   * Items: A bound on a number (`field`, with `most` or `least`), or a program that commands must not call (`forbid`).
   */
  rules?: {
    /**
     * A field of config/kube.yaml that is a number.
     */
    field?: string;
    /**
     * Highest value allowed.
     */
    most?: number;
    /**
     * Lowest value allowed.
     */
    least?: number;
    /**
     * `adjust`: use the bound, with a warning. `refuse`: an error, the default.
     */
    action?: 'adjust' | 'refuse';
    /**
     * A program, as a word of its own where a command begins.
     */
    forbid?: string;
    /**
     * Only trials (`job`), or only interactive pods (`pod`). Default: both.
     */
    for?: 'job' | 'pod';
    /**
     * The reason, shown whenever the rule changes or refuses something.
     */
    why: string;
  }[];
}
