import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type RunaiFields, resolveRunaiSettings } from '../../../src/executors/runai/settings.ts';
import { formatSubmitArguments, type RunaiWorkload } from '../../../src/executors/runai/submit-arguments.ts';

interface Recorded {
  readonly env: readonly string[];
  readonly examples: readonly {
    readonly arguments: readonly string[];
    readonly argv: readonly string[];
    readonly script: string;
  }[];
}

const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/runai/command-lines.json', import.meta.url), 'utf8'),
) as Recorded;
const dotenv = new Map(recorded.env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));

const base: RunaiWorkload = {
  name: 'exp1',
  kind: 'training',
  image: dotenv.get('RUNAI_IMAGE') ?? '',
  gpus: 0,
  retries: 0,
  ports: [],
  claims: [],
  env: {},
  annotations: {},
};

function commandLine(
  workload: Partial<RunaiWorkload>,
  fields: RunaiFields = {},
  variables: ReadonlyMap<string, string> = dotenv,
): readonly string[] {
  const settings = resolveRunaiSettings({ runai: fields }, variables, undefined);
  if (!settings.ok) throw new Error(settings.diagnostics[0]?.message);
  return formatSubmitArguments({ ...base, ...workload }, settings.value);
}

/** Flags with their values, without order: what the run:ai command line sees. */
function flagsOf(argv: readonly string[]): readonly string[] {
  const flags: string[] = [];
  for (const word of argv.slice(0, argv.indexOf('--'))) {
    if (word.startsWith('--') || flags.length === 0) flags.push(word);
    else flags[flags.length - 1] += ` ${word}`;
  }
  return flags.sort();
}

function scriptOf(argv: readonly string[]): string {
  const payload = argv.at(-1) ?? '';
  const match = /^echo (\S+) \| base64 -d > (\S+) && cat \2 && \/bin\/zsh \2$/.exec(payload);
  return Buffer.from(match?.[1] ?? '', 'base64').toString('utf8');
}

describe('the recorded command lines come out the same', () => {
  const workloads: readonly Partial<RunaiWorkload>[] = [
    { name: 'sandbox', kind: 'interactive' },
    { name: 'exp1', gpus: 1, command: 'python main.py' },
    { name: 'dist', gpus: 4, workers: 1, command: 'torchrun main.py' },
  ];
  test.each(
    recorded.examples.map(
      (example, index) => [example.arguments.join(' '), example, workloads[index]] as const,
    ),
  )('%s', (_title, example, workload) => {
    const argv = commandLine(workload ?? {});
    expect(flagsOf(argv)).toEqual(flagsOf(example.argv));
    expect(argv.slice(argv.indexOf('--'), -1)).toEqual(example.argv.slice(example.argv.indexOf('--')));
    expect(scriptOf(argv)).toBe(example.script);
  });
});

describe('settings', () => {
  const flags = (workload: Partial<RunaiWorkload>, fields: RunaiFields) =>
    flagsOf(commandLine(workload, fields));

  test('pools, and preemptible where an interactive pod needs it', () => {
    expect(flags({ kind: 'interactive' }, { node_pools: ['h100'] })).toEqual(
      expect.arrayContaining(['--node-pools h100', '--preemptible']),
    );
    expect(flags({ kind: 'interactive' }, { node_pools: ['v100'] })).not.toContain('--preemptible');
    expect(flags({ kind: 'training' }, { node_pools: ['h100'] })).not.toContain('--preemptible');
  });

  test('what kube.yaml says wins over .env', () => {
    const line = flags({}, { project: 'other', secret_name: 'mine', pvc: 'data', mount: '/data' });
    expect(line).toEqual(expect.arrayContaining(['--project other', '--pvc data:/data']));
    expect(line).toContain('--environment WANDB_API_KEY=SECRET:mine,WANDB_API_KEY');
  });

  test('fractions, cores, memory, ports, shared memory, host IPC', () => {
    const line = flags(
      { gpus: 0.5, cpus: 4, memory: 16, ports: [8888, '6006:6006'] },
      { host_ipc: true, large_shm: true },
    );
    expect(line).toEqual(
      expect.arrayContaining([
        '--gpu 0.5',
        '--cpu 4',
        '--memory 16G',
        '--port 8888',
        '--port 6006:6006',
        '--host-ipc',
        '--large-shm',
      ]),
    );
  });

  test('annotations and resources of the file replace those of distributed workloads by name', () => {
    const line = flags(
      { workers: 2 },
      { annotations: { 'k8s.v1.cni.cncf.io/networks': 'other' }, extended_resources: { 'rdma/ib': '2' } },
    );
    expect(line.filter((flag) => /annotation|extended/.test(flag))).toEqual([
      '--annotation k8s.v1.cni.cncf.io/networks=other',
      '--extended-resource rdma/ib=2',
      '--extended-resource rdma/rdma=1',
    ]);
  });

  test('a .env that leaves out what the lab has defaults for gives the same', () => {
    const left = [
      'SCRATCH_MOUNT_PATH',
      'SCRATCH_HOME_ROOT',
      'WORKING_DIR',
      'HF_HOME',
      'UV_PYTHON_VERSION',
      'TZ',
    ];
    const short = new Map([...dotenv].filter(([key]) => !left.includes(key)));
    expect(flagsOf(commandLine({}, {}, short))).toEqual(flags({}, {}));
  });

  test('EXTRA_SECRET_KEYS says which keys besides those of the lab and of the object store are passed on', () => {
    const keys = (extra: Record<string, string>) =>
      flagsOf(commandLine({}, {}, new Map(Object.entries({ RUNAI_PROJECT: 'p', ...extra })))).flatMap(
        (flag) => /=SECRET:p-env,(.*)/.exec(flag)?.[1] ?? [],
      );
    const some = {
      B: '1',
      A: '1',
      NOTE: '1',
      HF_TOKEN: '1',
      GITHUB_TOKEN: '',
      S3_BUCKET_NAME: 'b',
      AWS_REGION: 'r',
    };
    expect(keys({ ...some, EXTRA_SECRET_KEYS: 'B , A,,MISSING' })).toEqual([
      'A',
      'AWS_REGION',
      'B',
      'HF_TOKEN',
      'S3_BUCKET_NAME',
    ]);
    expect(keys({ ...some, EXTRA_SECRET_KEYS: '' })).toEqual(['AWS_REGION', 'HF_TOKEN', 'S3_BUCKET_NAME']);
    expect(keys(some)).toEqual(['A', 'AWS_REGION', 'B', 'HF_TOKEN', 'NOTE', 'S3_BUCKET_NAME']);
  });

  test('env: of the files adds variables and replaces defaults, but not what .env says', () => {
    const line = flags({ env: { TZ: 'UTC', HOME: '/root', OMP_NUM_THREADS: '4', HF_TOKEN: 'x' } }, {});
    expect(line).toEqual(
      expect.arrayContaining([
        '--environment HOME=/root',
        '--environment OMP_NUM_THREADS=4',
        '--environment TZ=Europe/Zurich',
      ]),
    );
    expect(line.filter((flag) => /=UTC|=\/home|HF_TOKEN=x/.test(flag))).toEqual([]);
  });

  test('another lab: several claims, fractions, and a program of the image that makes the user', () => {
    const variables = new Map([
      ['CLUSTER_USER', 'lis'],
      ['CLUSTER_USER_ID', '123456'],
      ['CLUSTER_GROUP_NAME', 'CVLAB-unit'],
      ['CLUSTER_GROUP_ID', '11166'],
      ['RUNAI_PROJECT', 'cvlab'],
    ]);
    const workload = {
      name: 'name-hello-2',
      gpus: 0.5,
      command: 'python hello_half.py',
      claims: [
        { claim: 'data1', path: '/data1' },
        { claim: 'src1', path: '/src1' },
      ],
      env: { TORCH_HOME: '/src1/zoo' },
    };
    const fields = {
      large_shm: true,
      entrypoint: ['/opt/lab/setup_and_run_command.sh'],
      extra_args: ['--command'],
    };
    const argv = commandLine(workload, fields, variables);
    expect(flagsOf(argv)).toEqual(
      expect.arrayContaining([
        '--gpu 0.5',
        '--pvc data1:/data1',
        '--pvc src1:/src1',
        '--large-shm',
        '--environment CLUSTER_USER=lis',
        '--environment CLUSTER_USER_ID=123456',
        '--environment CLUSTER_GROUP_NAME=CVLAB-unit',
        '--environment CLUSTER_GROUP_ID=11166',
        '--environment TORCH_HOME=/src1/zoo',
        '--command',
      ]),
    );
    expect(argv.join(' ')).not.toMatch(/SECRET:|--run-as-uid/);
    expect(argv.slice(argv.indexOf('--') + 1, -1)).toEqual(['/opt/lab/setup_and_run_command.sh']);
    expect(scriptOf(argv)).toContain('python hello_half.py');
  });

  test('no value of .env that is a secret is on the command line', () => {
    const line = commandLine({ command: 'true' }).join('\n');
    for (const key of ['WANDB_API_KEY', 'HF_TOKEN', 'SSH_PRIVATE_KEY_B64', 'OPENAI_API_KEY']) {
      expect(line).not.toContain(dotenv.get(key));
    }
  });

  test('without a project there is no command line, but a message that says what to write', () => {
    const result = resolveRunaiSettings({}, new Map(), undefined);
    expect(result.ok).toBe(false);
    expect(result.diagnostics.map((each) => each.code)).toContain('RUNAI_SETTING_MISSING');
  });
});

describe('the script', () => {
  test('working directory and virtual environment come before the command', () => {
    const argv = commandLine({ command: 'python a.py' }, { working_dir: '/scratch/my code', venv: '.venv' });
    expect(scriptOf(argv)).toBe(
      "source ~/.zshrc && cd '/scratch/my code' && source .venv/bin/activate && python a.py",
    );
  });

  test('paths keep what a shell makes of a tilde and of variables', () => {
    const argv = commandLine({ command: 'a' }, { working_dir: '~/code', venv: '$SCRATCH_HOME/my-env' });
    expect(scriptOf(argv)).toBe(
      'source ~/.zshrc && cd ~/code && source $SCRATCH_HOME/my-env/bin/activate && a',
    );
  });

  test('another shell reads its own start-up file, or none', () => {
    const script = (shell: string) =>
      scriptOf(
        commandLine({ command: 'a' }, { shell, venv: '.venv' }).map((word) =>
          word.replace(`${shell} /`, '/bin/zsh /'),
        ),
      );
    expect(script('/bin/bash')).toBe(
      '{ [ ! -r ~/.bashrc ] || source ~/.bashrc; } && source .venv/bin/activate && a',
    );
    expect(script('/bin/sh')).toBe('. .venv/bin/activate && a');
  });

  test('a timeout ends the command, quotes and line breaks survive', () => {
    expect(scriptOf(commandLine({ command: "echo 'a'\necho b", timeout: 90 }))).toBe(
      "source ~/.zshrc && timeout 90 /bin/zsh -c 'echo '\\''a'\\''\necho b'",
    );
  });

  test('an interactive pod waits for its time, half a day unless told', () => {
    expect(scriptOf(commandLine({ kind: 'interactive', timeout: 14_400 }))).toBe(
      'source ~/.zshrc && sleep 14400',
    );
    expect(scriptOf(commandLine({ kind: 'interactive', command: 'jupyter lab' }))).toBe(
      'source ~/.zshrc && jupyter lab',
    );
  });
});
