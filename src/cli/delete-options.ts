/** What `delete`, `delete_job`, `delete_pod` and `clean_jobs` ask for, whatever the backend. */
export interface DeleteOptions {
  readonly what: 'all' | 'jobs' | 'pods' | 'failed-jobs';
  /** A name or pattern; absent: all. */
  readonly name?: string | undefined;
  readonly yes: boolean;
  readonly json?: boolean;
}
