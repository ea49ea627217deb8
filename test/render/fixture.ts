import type { Config } from '../../src/config/config.ts';
import type { DotEnv } from '../../src/config/dotenv.ts';
import type { ResolvedFields } from '../../src/config/resolved-fields.ts';
import { podScripts } from '../../src/container/pod-layout.ts';
import { type Checked, errorDiagnostic } from '../../src/diagnostics/diagnostic.ts';
import { SourceFile } from '../../src/diagnostics/source-file.ts';
import type { JobSpec } from '../../src/matrix/job-spec.ts';
import { settleFields } from '../../src/matrix/settle-fields.ts';
import { createRenderer, type RenderInputs } from '../../src/render/create-renderer.ts';
import type { ProjectFile } from '../../src/render/project-files.ts';
import type { RenderedWorkload, Renderer } from '../../src/render/renderer.ts';
import { createTemplateSet } from '../../src/render/template-set.ts';

/** Fields as they are after precedence and defaults, small where it does not matter. */
export function fieldsWith(fields: Partial<ResolvedFields> = {}): ResolvedFields {
  const small = { image: 'python:3.12', image_pull_secrets: [], file: [], code: 'image' };
  return { ...settleFields(configWith().project, small), ...fields };
}

export function specWith(fields: Partial<ResolvedFields> = {}, rest: Partial<JobSpec> = {}): JobSpec {
  const name = rest.name ?? 'jdoe-example-average-data1';
  return {
    name,
    trial: {
      index: 0,
      model: 'average',
      dataset: 'data1',
      hparam: [{ key: 'fn', text: 'data/1.txt', visible: false }],
      name,
    },
    side: 'remote',
    command: 'python src/avg.py data/1.txt',
    env: {},
    fields: fieldsWith(fields),
    fingerprint: { hash: 'f'.repeat(64), parts: { command: 'c'.repeat(12) } },
    ...rest,
  };
}

export function dotenvOf(text: string): DotEnv {
  const variables = new Map(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { variables, file: new SourceFile('.env', text) };
}

export function configWith(rest: Partial<Config> = {}): Config {
  return {
    project: {
      project_name: 'example',
      user: 'jdoe',
      namespace: 'lab-vision',
      conda_env_name: 'example',
      backend: 'kubernetes',
      context: undefined,
      concurrency: 32,
      max_parallel: undefined,
      policy: undefined,
      s3_backend: 'builtin',
    },
    kube: {},
    root: {},
    models: [],
    datasets: [],
    run: [],
    dotenv: { variables: new Map(), file: undefined },
    maxTrials: 100_000,
    locate: () => undefined,
    ...rest,
  };
}

/** Project files from texts: the entries are paths. */
export function filesOf(files: Readonly<Record<string, string | Uint8Array>>) {
  return (entry: string): Checked<readonly ProjectFile[]> => {
    const found = Object.entries(files).filter(
      ([path]) => path === entry || path.startsWith(`${entry.replace(/\/$/, '')}/`),
    );
    if (found.length === 0)
      return { ok: false, diagnostics: [errorDiagnostic('RENDER_FILE_MISSING', `${entry} is not there`)] };
    const value = found.map(([path, content]) => ({
      path,
      bytes: Buffer.from(content),
      executable: path.endsWith('.sh'),
    }));
    return { ok: true, value, diagnostics: [] };
  };
}

export async function rendererWith(
  rest: Partial<Omit<RenderInputs, 'templates'>> & {
    readonly templates?: Readonly<Record<string, string>>;
  } = {},
): Promise<Renderer> {
  const own = Object.entries(rest.templates ?? {}).map(
    ([name, text]) => new SourceFile(`templates/${name}`, text),
  );
  const templates = unwrap(await createTemplateSet(own));
  const { templates: _, ...inputs } = rest;
  return unwrap(
    createRenderer({
      config: configWith(),
      templates,
      readFiles: filesOf({}),
      secretKey: new Uint8Array(32),
      // Not the real ones: the names of ConfigMaps in the goldens would change with them.
      scripts: Object.fromEntries(podScripts.map((name) => [name, `# ${name}\n`])) as RenderInputs['scripts'],
      code: {},
      ...inputs,
    }),
  );
}

export function unwrap<T>(checked: Checked<T>): T {
  if (!checked.ok)
    throw new Error(checked.diagnostics.map((each) => `${each.code}: ${each.message}`).join('\n'));
  return checked.value;
}

export async function jobOf(
  fields: Partial<ResolvedFields> = {},
  rest: Partial<JobSpec> = {},
): Promise<RenderedWorkload> {
  return unwrap((await rendererWith()).job(specWith(fields, rest)));
}
