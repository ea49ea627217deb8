// Generated from schemas/ by scripts/generate.ts. Change the schema, then: npm run generate

/**
 * Fields that may be set anywhere: config/kube.yaml, root of config/launch.yaml, dataset, model; later ones win. A hyperparameter of the same name wins over all of them.
 */
export interface WrittenFields {
  /**
   * Container image. Default: `<registry_host>/<gitlab_user>/<project_name>:latest`.
   */
  image?: string;
  /**
   * Registry of the default image.
   */
  registry_host?: string;
  /**
   * Owner of the default image and of the repository that the startup script pulls. Default: `user`.
   */
  gitlab_user?: string;
  /**
   * Names of the Secrets to pull the image with: one name or a list; `null`: none. Default: `<project_name>-read-registry`.
   */
  image_pull_secrets?: string | string[] | null;
  /**
   * Image of the toolbox. With it, an init container copies the toolbox into every pod, so that `make download` works in an image that has neither Node nor the toolbox. `null`: none, which is the default.
   */
  toolbox_image?: string | null;
  /**
   * How a pod gets the code. `git`: clone or pull at the commit that is checked out now. `snapshot`: an archive of the working tree as it is now. `image`: the image has it.
   */
  code?: 'git' | 'snapshot' | 'image';
  /**
   * Git server of the default startup script.
   */
  ssh_host?: string;
  /**
   * SSH port of the git server.
   */
  ssh_port?: number;
  /**
   * Folder of the conda installation in the image.
   */
  conda_home?: string;
  /**
   * Python environment of local runs. `auto`: an active virtualenv or conda environment, else `.venv`, else the conda environment of the project's name, else a poetry or uv project's. `none`: the shell's own.
   */
  python_env?: 'auto' | 'none';
  /**
   * Bash text run in a pod before the command. Default: get the code, update submodules, activate the Python environment. `""` or `null`: nothing.
   */
  startup_script?: string | null;
  /**
   * Bash text run after the startup script.
   */
  extra_startup_script?: string | null;
  /**
   * What an interactive pod runs.
   */
  server_command?: string;
  /**
   * Environment variables. The maps of all layers merge; `.env` wins over all of them.
   */
  env?: {
    [k: string]: string;
  } | null;
  /**
   * Files and folders, text or binary, put into the workload at the same relative path: one or a list; `null`: none. Default: `.env` and the two config files.
   */
  file?: string | string[] | null;
  /**
   * Paths in the bucket that a remote trial downloads before its command; a local trial needs them to exist.
   */
  data?: string | string[] | null;
  /**
   * Paths that a remote trial uploads after its command, also when the command failed. No two trials may share one, so put `<name>` into it.
   */
  outputs?: string | string[] | null;
  /**
   * Upload `outputs` this often while the command runs: a duration, or seconds.
   */
  sync_every?: string | number | null;
  /**
   * GPUs. A fraction needs run:ai, or `scheduler_name: runai-scheduler`.
   */
  gpu_count?: number;
  /**
   * Request `nvidia.com/<special_gpu>` instead of `nvidia.com/gpu`; the GPU lists are then ignored.
   */
  special_gpu?: string | null;
  /**
   * CPU cores to request.
   */
  cpu_count?: number;
  /**
   * Memory to request, in GiB.
   */
  memory?: number;
  /**
   * Local disk to request, in GiB.
   */
  ephemeral_storage?: number;
  /**
   * @deprecated
   * Old spelling of `ephemeral_storage`; accepted with a warning.
   */
  ephermal_storage?: number;
  /**
   * Limits are the requests times this, for CPU and memory.
   */
  limit_ratio?: number;
  /**
   * Size in GiB of the in-memory `/dev/shm`, which is always mounted. `null`, the default: no limit of its own.
   */
  shm_size?: number | null;
  /**
   * Persistent volume claims to mount: claim name → absolute path.
   */
  volumes?: {
    [k: string]: string;
  } | null;
  /**
   * Only nodes whose `nvidia.com/gpu.product` is one of these. Not together with `gpu_blacklist`.
   */
  gpu_whitelist?: string | string[] | null;
  /**
   * Only nodes whose `nvidia.com/gpu.product` is none of these.
   */
  gpu_blacklist?: string | string[] | null;
  /**
   * Only these nodes (`kubernetes.io/hostname`). Not together with `hostname_blacklist`.
   */
  hostname_whitelist?: string | string[] | null;
  /**
   * None of these nodes.
   */
  hostname_blacklist?: string | string[] | null;
  /**
   * Node labels that must match.
   */
  node_selector?: {
    [k: string]: string;
  } | null;
  /**
   * Taints to tolerate: a key (operator Exists, effect NoSchedule), or a whole Kubernetes toleration.
   */
  tolerations?:
    | (
        | string
        | {
            key?: string;
            operator?: 'Exists' | 'Equal';
            value?: string;
            effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
            tolerationSeconds?: number;
          }
      )[]
    | null;
  /**
   * Scheduler other than the cluster's default.
   */
  scheduler_name?: string | null;
  /**
   * Kueue queue: sets the label `kueue.x-k8s.io/queue-name`.
   */
  queue?: string | null;
  /**
   * Value of the label `priority`, which some labs' queues read.
   */
  priority?: string | null;
  /**
   * Kubernetes priority class.
   */
  priority_class?: string | null;
  /**
   * First part of every name; `""` drops it. Default: `user`.
   */
  prefix?: string;
  /**
   * Labels added to every object.
   */
  labels?: {
    [k: string]: string;
  } | null;
  /**
   * Annotations added to every object.
   */
  annotations?: {
    [k: string]: string;
  } | null;
  /**
   * How often a failed Job is tried again (`backoffLimit`); disruptions never count.
   */
  retries?: number;
  /**
   * Longest time a trial may run, locally and in the cluster (`activeDeadlineSeconds`): a duration as `90s`, `45m`, `12h`, `2d6h30m`, or seconds. On a cluster it counts from the start of the Job, with the time spent waiting for a node, not while suspended. `null`, the default: none.
   */
  timeout?: string | number | null;
  /**
   * How long a finished Job is kept (`ttlSecondsAfterFinished`): a duration, or seconds; 0 removes it at once. `null`, the default: for ever.
   */
  ttl?: string | number | null;
  /**
   * Pods of a multi-node trial besides the first: `workers: 3` runs on 4.
   */
  workers?: number;
  /**
   * Up to this many trials of the same resources run side by side in one pod.
   */
  pack?: number;
  /**
   * Service account of the pods.
   */
  service_account?: string | null;
  /**
   * Numeric user the container runs as.
   */
  run_as_user?: number | null;
  /**
   * Numeric group the container runs as.
   */
  run_as_group?: number | null;
  /**
   * Use the node's IPC namespace.
   */
  host_ipc?: boolean;
  /**
   * Ports the container listens on: a number, or a Kubernetes container port.
   */
  ports?:
    | (
        | number
        | {
            name?: string;
            containerPort: number;
            hostPort?: number;
            hostIP?: string;
            protocol?: 'TCP' | 'UDP' | 'SCTP';
          }
      )[]
    | null;
  /**
   * Side containers that live as long as the command: name → what it runs. `volumes` are empty directories shared by name between them and the main container.
   */
  server?: {
    [k: string]: {
      /**
       * Bash text; without it, the image's own entry point runs.
       */
      command?: string;
      /**
       * Default: the trial's image.
       */
      image?: string;
      port?: number;
      env?: {
        [k: string]: string;
      } | null;
      /**
       * GPUs. A fraction needs run:ai, or `scheduler_name: runai-scheduler`.
       */
      gpu_count?: number;
      /**
       * CPU cores to request.
       */
      cpu_count?: number;
      /**
       * Memory to request, in GiB.
       */
      memory?: number;
      /**
       * Local disk to request, in GiB.
       */
      ephemeral_storage?: number;
      volumes?: {
        [k: string]: string;
      } | null;
    };
  } | null;
  /**
   * URL in `.env` → URL to use inside the cluster.
   */
  endpoint_map?: {
    [k: string]: string;
  } | null;
  /**
   * The user and group that the entrypoint mirrors into the pod, and where their files are. Values not given here are taken from `.env` (`LDAP_USERNAME`, `LDAP_UID`, `LDAP_GROUPNAME`, `LDAP_GID`, `SCRATCH_PVC`, …).
   */
  identity?: {
    /**
     * Login name.
     */
    user?: string;
    uid?: number;
    /**
     * Group name.
     */
    group?: string;
    gid?: number;
    /**
     * The shared volume that holds the users' files.
     */
    scratch?: {
      /**
       * Persistent volume claim.
       */
      claim?: string;
      /**
       * Where it is mounted.
       */
      mount?: string;
      /**
       * Folder of the scratch homes.
       */
      home_root?: string;
    };
    /**
     * Where commands run.
     */
    working_dir?: string;
    /**
     * Cache of Hugging Face models and data.
     */
    hf_home?: string;
    /**
     * User that may create folders on a root-squashed export.
     */
    seed_user?: string;
    /**
     * Login shell.
     */
    shell?: string;
    /**
     * Passwordless sudo for the user.
     */
    sudo?: boolean;
  } | null;
  /**
   * Settings of the run:ai backend. Values not given here are taken from `.env` (`RUNAI_PROJECT`, `RUNAI_SECRET_NAME`, …).
   */
  runai?: {
    /**
     * run:ai project.
     */
    project?: string;
    /**
     * Secret that `.env` is mirrored into.
     */
    secret_name?: string;
    /**
     * Persistent volume claim.
     */
    pvc?: string;
    /**
     * Where the claim is mounted.
     */
    mount?: string;
    /**
     * Node pools, in order of preference.
     */
    node_pools?: string[];
    /**
     * Node pools on which an interactive pod is submitted as preemptible. Default: `h100` and `h200`.
     */
    preemptible_pools?: string[];
    /**
     * Use the node's IPC namespace.
     */
    host_ipc?: boolean;
    /**
     * Ask for a large `/dev/shm`.
     */
    large_shm?: boolean;
    /**
     * Let processes gain rights, as `sudo` does. Default: true.
     */
    allow_privilege_escalation?: boolean;
    /**
     * When the node pulls the image. Default: `Always`.
     */
    image_pull_policy?: 'Always' | 'IfNotPresent' | 'Never';
    /**
     * Pods of a multi-node trial besides the first: `workers: 3` runs on 4.
     */
    workers?: number;
    /**
     * Annotations of the workload.
     */
    annotations?: {
      [k: string]: string;
    } | null;
    /**
     * Resource name → amount.
     */
    extended_resources?: {
      [k: string]: string;
    } | null;
    /**
     * Words added to the run:ai command line as they are.
     */
    extra_args?: string[];
    /**
     * Folder the command starts in: absolute, below `~` or a variable, or relative to the pod's.
     */
    working_dir?: string;
    /**
     * Virtual environment activated before the command.
     */
    venv?: string;
    /**
     * Shell of the image that runs the command; its start-up file is read first. Default: `/bin/zsh`.
     */
    shell?: string;
    /**
     * Program of the image, with its first arguments, that is given the command as one text, in place of the shell's `-c`.
     *
     * @minItems 1
     */
    entrypoint?: string[];
  } | null;
}
