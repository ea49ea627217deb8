import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FakeCluster } from '../fakes/kubernetes-api.ts';
import { type ClusterProject, makeClusterProject } from './cluster-project.ts';

interface State {
  readonly workloads: Record<
    string,
    { status: string; log: string; project: string; flags: Record<string, string[]>; command: string[] }
  >;
  readonly calls: string[][];
}

/** A project on run:ai: the stand-in for its command line is on PATH, and the Secret goes to a fake cluster. */
export class RunaiProject {
  readonly project: ClusterProject;

  private constructor(project: ClusterProject) {
    this.project = project;
  }

  static async make(cluster: FakeCluster, kube = ''): Promise<RunaiProject> {
    const made = new RunaiProject(await makeClusterProject(cluster));
    await made.project.write(
      'config/kube.yaml',
      `backend: runai\nproject_name: example\nuser: alice\nnamespace: lab\nimage: lab/python:3\nrunai: {project: lab-alice}\n${kube}`,
    );
    await made.project.write('.env', 'WANDB_API_KEY=canary-1\nLDAP_USERNAME=alice\n');
    return made;
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

  /** Somebody else's workload in the same project. */
  add(name: string, status: string): void {
    const { state } = this;
    state.workloads[name] = { status, log: '', project: 'lab-alice', flags: {}, command: [] };
    writeFileSync(this.#file, JSON.stringify(state));
  }

  get #file(): string {
    return join(this.project.root, 'runai-state.json');
  }
}
