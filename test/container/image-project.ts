import { chmodSync, readFileSync } from 'node:fs';
import { ProjectFolder } from './project-folder.ts';

/** A project with both config files, and folders of programs of the test's own. */
export function imageProject(): ProjectFolder {
  const project = new ProjectFolder();
  project.write('config/launch.yaml', 'model: {m: {command: "true"}}\n');
  project.write(
    'config/kube.yaml',
    'project_name: example\nuser: alice\nnamespace: lab\nregistry_host: registry.example.org\n',
  );
  return project;
}

/** Puts a stand-in on PATH that notes how it was called: its words, and the variables asked for. */
export function standIn(project: ProjectFolder, name: string, exitCode = 0): () => readonly string[] {
  project.write(
    `bin/${name}`,
    `#!/bin/sh\n{ printf '%s' ${name}; for word; do printf ' %s' "$word"; done; echo; env | grep -E '^(NB_|LDAP_|TOOLBOX_IMAGE)' | sort; } >>'${project.path('calls')}'\necho "${name} is at work"\nexit ${exitCode}\n`,
  );
  chmodSync(project.path(`bin/${name}`), 0o755);
  return () => readFileSync(project.path('calls'), 'utf8').trimEnd().split('\n');
}

/** The environment of a command line: the stand-ins, and git. */
export function imageEnv(project: ProjectFolder): Record<string, string> {
  return { ...project.env, PATH: `${project.path('bin')}:${project.path('tools')}` };
}
