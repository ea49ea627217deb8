import { describe, expect, it } from 'vitest';
import { configOf, problemsOf } from './read.ts';

const tutorial = `\
project_name: example
model:
  average:
    command: >-
      [](make download file=data/;) python src/avg.py <fn>
    gpu_count: 0
  median:
    command: python src/med.py <fn>
dataset:
  data1: {hparam: {_fn: data/1.txt}}
  data2: {hparam: {_fn: data/2.txt}}
run:
  dataset: [data1]
  model: average
memory: 16
`;

const kube = `\
project_name: example
user: jdoe
namespace: lab
image_pull_secrets: mine
tolerations: [nautilus.io/issue, {key: lab, operator: Equal, value: vision}]
ports: [8888]
`;

describe('a configuration', () => {
  it('is one shape of both files', () => {
    const config = configOf({ launch: tutorial, kube, dotenv: 'TOKEN=x\n' });
    expect(config.project).toEqual({
      project_name: 'example',
      user: 'jdoe',
      namespace: 'lab',
      conda_env_name: 'example',
      backend: 'kubernetes',
      context: undefined,
      concurrency: 32,
      max_parallel: undefined,
      policy: undefined,
      s3_backend: 'builtin',
    });
    expect(config.kube).toEqual({
      image_pull_secrets: ['mine'],
      tolerations: [
        { key: 'nautilus.io/issue', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'lab', operator: 'Equal', value: 'vision' },
      ],
      ports: [{ containerPort: 8888 }],
    });
    expect(config.root).toEqual({ memory: 16 });
    expect(config.models).toEqual([
      {
        name: 'average',
        axes: [],
        fields: { gpu_count: 0 },
        command: {
          local: '[](make download file=data/;) python src/avg.py <fn>',
          remote: '[](make download file=data/;) python src/avg.py <fn>',
        },
      },
      {
        name: 'median',
        axes: [],
        fields: {},
        command: { local: 'python src/med.py <fn>', remote: 'python src/med.py <fn>' },
      },
    ]);
    expect(config.datasets.map(({ name, axes }) => [name, axes])).toEqual([
      ['data1', [{ key: 'fn', visible: false, points: [{ label: 'data/1.txt' }] }]],
      ['data2', [{ key: 'fn', visible: false, points: [{ label: 'data/2.txt' }] }]],
    ]);
    expect(config.run).toEqual([{ models: ['average'], datasets: ['data1'] }]);
    expect(config.dotenv.variables).toEqual(new Map([['TOKEN', 'x']]));
    expect(config.maxTrials).toBe(100_000);
  });

  it('needs launch.yaml alone, and takes the name of the folder', () => {
    const config = configOf({ launch: 'model: {a: {command: x}}' });
    expect(config.project).toMatchObject({ project_name: 'project', user: undefined, namespace: undefined });
    expect(config.datasets).toEqual([{ name: '', axes: [], fields: {} }]);
    expect(config.run).toEqual([{}]);
  });

  it('takes the name of the project from either file', () => {
    const launch = 'model: {a: {command: x}}';
    const where = 'user: jdoe\nnamespace: lab\n';
    expect(configOf({ launch: `${launch}\nproject_name: p`, kube: where }).project.project_name).toBe('p');
    expect(configOf({ launch, kube: `${where}project_name: p` }).project.project_name).toBe('p');
    expect(problemsOf({ launch, kube: where })).toEqual([
      'CONFIG_MISSING_KEY 1:1 "project_name" is missing in config/kube.yaml',
    ]);
  });

  it('lets launch.yaml override settings of the sweep, null included', () => {
    const { project, maxTrials } = configOf({
      launch: 'model: {a: {command: x}}\nbackend: runai\ncontext: null\nmax_parallel: 4\nmax_trials: 9',
      kube: `${kube}context: nautilus\nmax_parallel: 2\npolicy: nrp\nmax_trials: 7`,
    });
    expect(project).toMatchObject({ backend: 'runai', context: undefined, max_parallel: 4, policy: 'nrp' });
    expect(maxTrials).toBe(9);
  });

  it('fills the sides of a command', () => {
    const { models } = configOf({
      launch: `model:
  a: {command: both, local_command: here}
  b: {local_command: here, remote_command: there}
  c: {command: both, remote_command: there}`,
    });
    expect(models.map((model) => model.command)).toEqual([
      { local: 'here', remote: 'both' },
      { local: 'here', remote: 'there' },
      { local: 'both', remote: 'there' },
    ]);
  });

  it('reads the old spelling, with a warning', () => {
    const launch = 'model: {a: {command: x}}\nephermal_storage: 7';
    expect(configOf({ launch }).root).toEqual({ ephemeral_storage: 7 });
    expect(problemsOf({ launch })).toEqual(['CONFIG_OLD_SPELLING 2:1 "ephermal_storage" is an old spelling']);
  });

  it('keeps null apart from absence', () => {
    const { root } = configOf({
      launch: 'model: {a: {command: x}}\nfile: null\nimage_pull_secrets: ~\ntimeout:',
    });
    expect(root).toEqual({ file: null, image_pull_secrets: null, timeout: null });
  });
});

describe('scalars', () => {
  it('are text exactly as they were written where text is meant', () => {
    const values = [
      '1e-5',
      '0.000000008192',
      '007',
      'yes',
      '0x1F',
      '1_000',
      '.5',
      '+1',
      '1.0',
      'True',
      '2024-01-01',
      'a b',
    ];
    const { models } = configOf({ launch: `model: {a: {command: x, hparam: {v: [${values}]}}}` });
    expect(models[0]?.axes[0]?.points.map((point) => point.label)).toEqual(values);
  });

  it('lose their quotes, and only those', () => {
    const { models } = configOf({
      launch: `model:\n  a:\n    command: x\n    hparam: {v: ["007", 'it''s', "a\\tb", "", "null", " x "]}`,
    });
    expect(models[0]?.axes[0]?.points.map((point) => point.label)).toEqual([
      '007',
      "it's",
      'a\tb',
      '',
      'null',
      ' x ',
    ]);
  });

  it('are text in env, labels, names and selections too', () => {
    const config = configOf({
      launch: `project_name: 007
model: {1: {command: true, hparam: {lr: [1e-5, 1e-4]}, env: {A: 010, B: yes, C: 1.50}, labels: {v: 1.0}}}
run: {model: 1, hparam: {lr: 1e-5}}
priority: 1
image: 1.10`,
    });
    expect(config.project.project_name).toBe('007');
    expect(config.root).toEqual({ priority: '1', image: '1.10' });
    expect(config.models).toMatchObject([
      {
        name: '1',
        command: { local: 'true' },
        fields: { env: { A: '010', B: 'yes', C: '1.50' }, labels: { v: '1.0' } },
      },
    ]);
    expect(config.run).toEqual([{ models: ['1'], hparam: new Map([['lr', new Set(['1e-5'])]]) }]);
  });

  it('keep their types where numbers and truth values are meant', () => {
    const { root } = configOf({
      launch: 'model: {a: {command: x}}\ngpu_count: 0.5\nretries: 3\nhost_ipc: true\nttl: 60\ntimeout: 2d',
    });
    expect(root).toEqual({ gpu_count: 0.5, retries: 3, host_ipc: true, ttl: 60, timeout: '2d' });
  });
});

describe('hyperparameters', () => {
  it('are values, lists and groups, in file order', () => {
    const { models } = configOf({
      launch: `model:
  a:
    command: x
    hparam:
      one: 1
      _many: [b, a]
      train:
        paper: {_lr: 1e-5, warm: 0}
        scale: {_lr: 1e-4, warm: 500}`,
    });
    expect(models[0]?.axes).toEqual([
      { key: 'one', visible: true, points: [{ label: '1' }] },
      { key: 'many', visible: false, points: [{ label: 'b' }, { label: 'a' }] },
      {
        key: 'train',
        visible: true,
        points: [
          {
            label: 'paper',
            inner: [
              { key: 'lr', visible: false, text: '1e-5' },
              { key: 'warm', visible: true, text: '0' },
            ],
          },
          {
            label: 'scale',
            inner: [
              { key: 'lr', visible: false, text: '1e-4' },
              { key: 'warm', visible: true, text: '500' },
            ],
          },
        ],
      },
    ]);
  });

  it('keep their order when they look like numbers of an array', () => {
    const { models, datasets } = configOf({
      launch: 'model: {b: {command: x}, 2: {command: x}, 1: {command: x}}\ndataset: {z: {}, 10: {}, 9: null}',
    });
    expect(models.map(({ name }) => name)).toEqual(['b', '2', '1']);
    expect(datasets.map(({ name }) => name)).toEqual(['z', '10', '9']);
  });

  it('are selected by either spelling of their name', () => {
    const launch = (key: string) =>
      `model: {a: {command: x, hparam: {_lr: [1, 2], hid: 3}}}\nrun: {hparam: {${key}: 2}}`;
    for (const key of ['lr', '_lr']) {
      expect(configOf({ launch: launch(key) }).run).toEqual([{ hparam: new Map([['lr', new Set(['2'])]]) }]);
    }
    expect(configOf({ launch: launch('_hid').replace(': 2}}', ': 3}}') }).run).toHaveLength(1);
  });
});

describe('anchors and merge keys', () => {
  it('spare repetition', () => {
    const { models } = configOf({
      launch: `x-base: &base {memory: 16, hparam: {lr: &lr [1, 2]}}
model:
  a: {<<: *base, command: x, memory: 8}
  b: {command: x, <<: [{gpu_count: 1}, *base]}
  c: {command: x, hparam: {lr: *lr}}`,
    });
    expect(models.map(({ fields, axes }) => [fields, axes.map(({ points }) => points.length)])).toEqual([
      [{ memory: 8 }, [2]],
      [{ gpu_count: 1, memory: 16 }, [2]],
      [{}, [2]],
    ]);
  });

  it('are told of once, where they are written', () => {
    const launch =
      'x-base: &base {gpu_cont: 1}\nmodel: {a: {<<: *base, command: x}, b: {<<: *base, command: x}}';
    expect(problemsOf({ launch })).toEqual(['CONFIG_UNKNOWN_KEY 1:16 unknown key "gpu_cont" in model "a"']);
  });
});

describe('places', () => {
  it('are found by path, with and without the underscore, or the nearest parent', () => {
    const launch = 'model:\n  a:\n    command: x\n    hparam: {_fn: [p, q]}\n';
    const { locate } = configOf({ launch });
    const text = (path: readonly (string | number)[], what?: 'key' | 'value') => {
      const place = locate('launch', path, what);
      return place && launch.slice(place.offset, place.offset + place.length);
    };
    expect(text(['model', 'a', 'command'])).toBe('x');
    expect(text(['model', 'a', 'command'], 'key')).toBe('command');
    expect(text(['model', 'a', 'hparam', 'fn', 1])).toBe('q');
    expect(text(['model', 'a', 'hparam', '_fn'], 'key')).toBe('_fn');
    expect(text(['model', 'a', 'command', 'nothing'])).toBe('x');
    expect(text(['nothing'])?.trim()).toBe(launch.trim());
    expect(locate('kube', ['user'])).toBeUndefined();
  });
});
