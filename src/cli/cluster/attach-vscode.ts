import { podLayout } from '../../container/pod-layout.ts';
import type { Context } from '../../context.ts';
import { DiagnosticError, errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { readKubeconfig } from '../../executors/kubernetes/kubeconfig.ts';
import { ExitCode } from '../../exit-code.ts';
import { openProject } from '../project.ts';
import { findRunningPod } from './find-running-pod.ts';
import { openCluster } from './open-cluster.ts';

export interface AttachOptions {
  readonly pod: string;
  readonly folder: string | undefined;
  readonly open: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** `make vscode`: the link by which Visual Studio Code's Dev Containers extension attaches to a pod. */
export async function attachVscode(options: AttachOptions, context: Context): Promise<ExitCode> {
  const config = await openProject(context);
  using cluster = await openCluster(config, { yes: options.yes }, context);
  const pod = await findRunningPod(cluster, options.pod, context.signal);
  const [container] = pod.spec?.containers ?? [];
  const { context: name } = await readKubeconfig(context.env, config.project.context);
  const authority = formatAuthority({
    context: name,
    podname: pod.metadata.name,
    namespace: cluster.api.namespace,
    name: container?.name ?? 'main',
    image: container?.image ?? '',
  });
  const isImage = (config.root.code ?? config.kube.code) === 'image';
  const folder = options.folder ?? (isImage ? '/' : `${podLayout.work}/${config.project.project_name}`);
  const uri = `vscode-remote://${authority}${encodeURI(folder)}`;
  const link = `vscode://vscode-remote/${authority}${encodeURI(folder)}`;
  if (options.open) await openWithCode(uri, context);
  else
    context.stdout.write(options.json ? `${JSON.stringify({ type: 'vscode', link, uri })}\n` : `${link}\n`);
  if (!options.open && !options.json) context.stderr.write(`or: code --folder-uri '${uri}'\n`);
  return ExitCode.ok;
}

/** The authority that the extension reads: `k8s-container+context=…+podname=…`, what is not plain escaped. */
function formatAuthority(parts: Readonly<Record<string, string>>): string {
  const text = Object.entries(parts).map(([key, value]) => `+${key}=${value}`);
  return `k8s-container${encodeURIComponent(text.join(''))}`;
}

async function openWithCode(uri: string, context: Context): Promise<void> {
  const { execa } = await import('execa');
  const { code, failed, shortMessage } = await execa('code', ['--folder-uri', uri], {
    cwd: context.cwd,
    env: context.env,
    extendEnv: false,
    reject: false,
    cancelSignal: context.signal,
  });
  if (!failed) return;
  const missing = code === 'ENOENT';
  throw new DiagnosticError(
    errorDiagnostic(
      'CLI_NO_EDITOR',
      missing ? 'there is no "code" command on PATH' : `"code" failed: ${shortMessage}`,
      {
        hint: "install it from Visual Studio Code's command palette (Shell Command: Install 'code'), or open the link that make vscode prints without open=true",
      },
    ),
    ExitCode.failed,
  );
}
