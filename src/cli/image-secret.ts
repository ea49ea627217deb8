import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'image-secret',
  flags: {
    username: { kind: 'string', summary: 'user name of the deploy token', value: 'NAME' },
    server: { kind: 'string', summary: 'registry; default: registry_host', value: 'HOST' },
    name: {
      kind: 'string',
      summary: 'name of the Secret; default: the first of image_pull_secrets',
      value: 'NAME',
      isNew: true,
    },
  },
  example: 'make image-secret username=example-read-registry',
  async run(options, context) {
    const [{ openProject }, { readDeployToken }, { ownImage }] = await Promise.all([
      import('./project.ts'),
      import('../container/read-deploy-token.ts'),
      import('../container/image-name.ts'),
    ]);
    const config = await openProject(context);
    const { user, namespace, project_name } = config.project;
    if (user === undefined || namespace === undefined) {
      const message = 'config/kube.yaml, which says where to put the Secret, is missing';
      throw new DiagnosticError(
        errorDiagnostic('CONTAINER_SECRET_INPUT', message, { hint: 'make init writes one' }),
        2,
      );
    }
    const token = await readDeployToken({ username: options.username }, config.dotenv, context);
    const names = config.root.image_pull_secrets ?? config.kube.image_pull_secrets;
    const secret = {
      ...token,
      name: options.name ?? names?.[0] ?? `${project_name}-read-registry`,
      server: options.server ?? ownImage(config).split('/', 1)[0] ?? '',
    };

    const [{ ApiClient }, { Connection }, { NamespaceApi }, { readKubeconfig }, { putPullSecret }] =
      await Promise.all([
        import('../executors/kubernetes/api-client.ts'),
        import('../executors/kubernetes/connection.ts'),
        import('../executors/kubernetes/namespace-api.ts'),
        import('../executors/kubernetes/kubeconfig.ts'),
        import('../container/pull-secret.ts'),
      ]);
    const access = await readKubeconfig(context.env, config.project.context);
    const client = new ApiClient(new Connection(access, context.env, context.now));
    try {
      const api = new NamespaceApi(client, namespace);
      const done = await putPullSecret(secret, api, { user, project: project_name }, context.signal);
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ type: 'secret', name: secret.name, action: done })}\n`
          : `secret/${secret.name} ${done}\n`,
      );
    } finally {
      client.close();
    }
    return ExitCode.ok;
  },
});
