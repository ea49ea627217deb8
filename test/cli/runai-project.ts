import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type FakeCluster, startFakeCluster } from '../fakes/kubernetes-api.ts';
import { type ClusterProject, makeClusterProject } from './cluster-project.ts';

interface State {
  readonly workloads: Record<
    string,
    {
      status: string;
      log: string;
      project: string;
      flags: Record<string, string[]>;
      command: string[];
      pod?: string;
      events?: readonly string[];
    }
  >;
  readonly calls: string[][];
}

/** A project on run:ai: the stand-in for its command line is on PATH, and the Secret goes to a fake cluster. */
class RunaiProject {
  #opened: { readonly project: ClusterProject; readonly cluster: FakeCluster } | undefined;

  get project(): ClusterProject {
    return this.#now.project;
  }

  get cluster(): FakeCluster {
    return this.#now.cluster;
  }

  async open(): Promise<void> {
    const cluster = await startFakeCluster();
    const project = await makeClusterProject(cluster);
    this.#opened = { project, cluster };
    await project.write(
      'config/kube.yaml',
      'backend: runai\nproject_name: example\nuser: alice\nnamespace: lab\nimage: lab/python:3\nrunai: {project: lab-alice}\n',
    );
    await project.write('.env', 'WANDB_API_KEY=canary-1\nLDAP_USERNAME=alice\n');
  }

  async close(): Promise<void> {
    await this.project.remove();
    await this.cluster.stop();
  }

  run(argv: readonly string[], env: Record<string, string> = {}) {
    return this.project.run(argv, {
      env: {
        PATH: `${resolve('test/fakes/runai')}:${process.env['PATH']}`,
        RUNAI_STATE: this.#file,
        ...env,
      },
    });
  }

  get state(): State {
    return JSON.parse(readFileSync(this.#file, 'utf8')) as State;
  }

  /** Lets run:ai have got on: a status by workload. */
  set(statuses: Readonly<Record<string, string>>): void {
    const { state } = this;
    for (const [name, status] of Object.entries(statuses)) {
      const workload = state.workloads[name];
      if (workload === undefined) throw new Error(`there is no ${name}`);
      workload.status = status;
    }
    writeFileSync(this.#file, JSON.stringify(state));
  }

  /** What `describe` says of a workload: the state of its pod, and warnings. */
  describe(name: string, said: { readonly pod?: string; readonly events?: readonly string[] }): void {
    const { state } = this;
    Object.assign(state.workloads[name] ?? {}, said);
    writeFileSync(this.#file, JSON.stringify(state));
  }

  /** Somebody else's workload in the same project. */
  add(name: string, status: string): void {
    const { state } = this;
    state.workloads[name] = { status, log: '', project: 'lab-alice', flags: {}, command: [] };
    writeFileSync(this.#file, JSON.stringify(state));
  }

  get #now() {
    if (this.#opened === undefined) throw new Error('the project is open only within a test');
    return this.#opened;
  }

  get #file(): string {
    return join(this.project.root, 'runai-state.json');
  }
}

/** A new one for each test of a file. */
export function useRunaiProject(): RunaiProject {
  const lab = new RunaiProject();
  beforeEach(() => lab.open());
  afterEach(() => lab.close());
  return lab;
}
