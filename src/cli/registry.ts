import type { Command } from './command.ts';

/** Headings of `ktb --help`, `make` and docs/commands.md, in their order. */
export const groups = ['Plan', 'Run here', 'Run on the cluster', 'Data', 'Images', 'Project'] as const;

/** A command before it is loaded: what `ktb --help` and completion need without importing it. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly group: (typeof groups)[number];
  readonly load: () => Promise<Command>;
}

/**
 * Every command, in the order help shows them. Each is a chunk of its own, loaded when it is called. After a change,
 * `npm run generate` writes the Makefile's targets and docs/commands.md.
 */
export const commands: readonly CommandEntry[] = [
  {
    name: 'plan',
    summary: 'Show the trials, how they stand and what would be done; changes nothing',
    group: 'Plan',
    load: async () => (await import('./plan.ts')).command,
  },
  {
    name: 'status',
    summary: 'Show how the trials stand, models by datasets',
    group: 'Plan',
    load: async () => (await import('./status.ts')).command,
  },
  {
    name: 'logs',
    summary: 'Print what a trial has printed',
    group: 'Plan',
    load: async () => (await import('./logs.ts')).command,
  },
  {
    name: 'local',
    summary: 'Run the trials on this machine, one after another or jobs=N at a time',
    group: 'Run here',
    load: async () => (await import('./local.ts')).command,
  },
  {
    name: 'local-first',
    summary: 'Run the first trial only',
    group: 'Run here',
    load: async () => (await import('./local-first.ts')).command,
  },
  {
    name: 'local-dryrun',
    summary: 'Print the command of each trial, run nothing',
    group: 'Run here',
    load: async () => (await import('./local-dryrun.ts')).command,
  },
  {
    name: 'shell',
    summary: "Open a shell with a trial's environment",
    group: 'Run here',
    load: async () => (await import('./shell.ts')).command,
  },
  {
    name: 'debug',
    summary: 'Write debugger entries for the trials into .vscode/launch.json',
    group: 'Run here',
    load: async () => (await import('./debug.ts')).command,
  },
  {
    name: 'tmux',
    summary: "Run a target detached in tmux: target='local jobs=4'",
    group: 'Run here',
    load: async () => (await import('./tmux.ts')).command,
  },
  {
    name: 'dryrun',
    summary: 'Write the manifests of all trials into build/ and say what `job` would do',
    group: 'Run on the cluster',
    load: async () => (await import('./dryrun.ts')).command,
  },
  {
    name: 'pod-dryrun',
    summary: 'Write the manifest of the interactive pod into build/',
    group: 'Run on the cluster',
    load: async () => (await import('./pod-dryrun.ts')).command,
  },
  {
    name: 'secret',
    summary: 'Put the variables of .env into the Secret that workloads read; job and pod do it, too',
    group: 'Run on the cluster',
    load: async () => (await import('./secret.ts')).command,
  },
  {
    name: 'job',
    summary: 'Create the missing Jobs on the cluster, one a trial',
    group: 'Run on the cluster',
    load: async () => (await import('./job.ts')).command,
  },
  {
    name: 'pod',
    summary: 'Create an interactive pod',
    group: 'Run on the cluster',
    load: async () => (await import('./pod.ts')).command,
  },
  {
    name: 'exec',
    summary: 'Open a shell in a pod, or run one command there',
    group: 'Run on the cluster',
    load: async () => (await import('./exec.ts')).command,
  },
  {
    name: 'port-forward',
    summary: 'Reach a port of a pod from this machine',
    group: 'Run on the cluster',
    load: async () => (await import('./port-forward.ts')).command,
  },
  {
    name: 'copy',
    summary: 'Copy the `file:` entries into a pod',
    group: 'Run on the cluster',
    load: async () => (await import('./copy.ts')).command,
  },
  {
    name: 'wait',
    summary: 'Wait until all Jobs have ended',
    group: 'Run on the cluster',
    load: async () => (await import('./wait.ts')).command,
  },
  {
    name: 'delete',
    summary: "Remove this user's Jobs and pods of this project, after asking",
    group: 'Run on the cluster',
    load: async () => (await import('./delete.ts')).command,
  },
  {
    name: 'delete-job',
    aliases: ['delete_job'],
    summary: "Remove this user's Jobs of this project, after asking",
    group: 'Run on the cluster',
    load: async () => (await import('./delete-job.ts')).command,
  },
  {
    name: 'delete-pod',
    aliases: ['delete_pod'],
    summary: "Remove this user's interactive pods of this project, after asking",
    group: 'Run on the cluster',
    load: async () => (await import('./delete-pod.ts')).command,
  },
  {
    name: 'clean-jobs',
    aliases: ['clean_jobs'],
    summary: 'Remove failed Jobs, after asking',
    group: 'Run on the cluster',
    load: async () => (await import('./clean-jobs.ts')).command,
  },
  {
    name: 'jupyter',
    summary: 'Start a notebook pod, forward its port and print the link',
    group: 'Run on the cluster',
    load: async () => (await import('./jupyter.ts')).command,
  },
  {
    name: 'vscode',
    summary: 'Print or open the link that attaches Visual Studio Code to a pod',
    group: 'Run on the cluster',
    load: async () => (await import('./vscode.ts')).command,
  },
  {
    name: 'quota',
    summary: "Show what is used and left of the namespace's GPUs, cores and memory",
    group: 'Run on the cluster',
    load: async () => (await import('./quota.ts')).command,
  },
  {
    name: 'upload',
    summary: 'Upload a file, folder or pattern to the bucket',
    group: 'Data',
    load: async () => (await import('./upload.ts')).command,
  },
  {
    name: 'download',
    summary: 'Download a file, folder or pattern from the bucket',
    group: 'Data',
    load: async () => (await import('./download.ts')).command,
  },
  {
    name: 'find',
    aliases: ['fd'],
    summary: 'List the keys that match',
    group: 'Data',
    load: async () => (await import('./find.ts')).command,
  },
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'List one level of the bucket, folders first',
    group: 'Data',
    load: async () => (await import('./list.ts')).command,
  },
  {
    name: 'remove',
    aliases: ['rm'],
    summary: 'Remove keys from the bucket, after asking',
    group: 'Data',
    load: async () => (await import('./remove.ts')).command,
  },
  {
    name: 'interactive',
    summary: 'Show local and remote matches and ask what to do',
    group: 'Data',
    load: async () => (await import('./interactive.ts')).command,
  },
  {
    name: 'monitor',
    aliases: ['mn'],
    summary: 'Watch a folder and upload what changes',
    group: 'Data',
    load: async () => (await import('./monitor.ts')).command,
  },
  {
    name: 'server',
    aliases: ['sv'],
    summary: 'Serve S3 commands from one warm process on loopback',
    group: 'Data',
    load: async () => (await import('./server.ts')).command,
  },
  {
    name: 'checkout',
    summary: 'Restore the code that a run was started with',
    group: 'Plan',
    load: async () => (await import('./checkout.ts')).command,
  },
  {
    name: 'image-init',
    summary: 'Write a Dockerfile, workflows and .dockerignore for this project',
    group: 'Images',
    load: async () => (await import('./image-init.ts')).command,
  },
  {
    name: 'image',
    summary: 'Build and tag the image of the project with docker, podman or buildah',
    group: 'Images',
    load: async () => (await import('./image.ts')).command,
  },
  {
    name: 'image-push',
    summary: 'Push the image of the project',
    group: 'Images',
    load: async () => (await import('./image-push.ts')).command,
  },
  {
    name: 'image-secret',
    summary: 'Create the Secret that images are pulled with, from a deploy token',
    group: 'Images',
    load: async () => (await import('./image-secret.ts')).command,
  },
  {
    name: 'init',
    summary: 'Write config files, .env, .gitignore lines and the Makefile line into this project',
    group: 'Project',
    load: async () => (await import('./init.ts')).command,
  },
  {
    name: 'doctor',
    summary: 'Check config, tools, cluster, bucket and rights, and say how to mend each',
    group: 'Project',
    load: async () => (await import('./doctor.ts')).command,
  },
  {
    name: 'completion',
    summary: 'Print shell completion: shell=bash, zsh or fish',
    group: 'Project',
    load: async () => (await import('./completion.ts')).completionOf(commands),
  },
];

export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name || entry.aliases?.includes(name));
}
