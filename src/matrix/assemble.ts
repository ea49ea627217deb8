import type { Config, ModelEntry } from '../config/config.ts';
import { inFileOrder } from '../config/in-file-order.ts';
import {
  type Checked,
  type Diagnostic,
  errorDiagnostic,
  warningDiagnostic,
} from '../diagnostics/diagnostic.ts';
import { quoted } from '../diagnostics/quoted.ts';
import type { PreparedAxis } from './axes.ts';
import { checkBucket } from './check-bucket.ts';
import { checkKubeText } from './check-kube-text.ts';
import { checkOutputs } from './check-outputs.ts';
import { checkPaths } from './check-paths.ts';
import { checkPolicy } from './check-policy.ts';
import { checkSync } from './check-sync.ts';
import { checkToolbox } from './check-toolbox.ts';
import { type CommandTemplate, compileCommand, sleepInfinity } from './compile-command.ts';
import { AxisFields, type CompiledFields, compileFields } from './compile-fields.ts';
import { filesOf } from './expand.ts';
import type { ExpandedMatrix } from './expanded-matrix.ts';
import { makeFingerprint } from './fingerprint.ts';
import type { JobSpec, Side } from './job-spec.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { identityOf, type NamedPair } from './name.ts';
import { type BoundTemplate, bindTemplate, renderTemplate } from './placeholders.ts';
import { scopeOf } from './scope.ts';
import { sleepsByPlaceholder } from './sleep-infinity.ts';
import { unknownPlaceholder, type WrittenText } from './unknown-placeholder.ts';

export interface AssembleOptions {
  readonly side: Side;
  /** Reference to the code the trials run, such as a commit; part of the fingerprint. */
  readonly code?: string;
}

/** Nobody reads more, and each takes a look at the whole text it is in. */
const mostErrors = 100;

interface CompiledPair extends CompiledFields {
  readonly pair: NamedPair;
  readonly command: Readonly<Record<Side, BoundTemplate>>;
}

/**
 * The job specs of a matrix: commands and fields compiled once for each pair of model and dataset, specs made
 * one by one when asked for. Everything that is wrong with any of them is found here, without making them,
 * and for both sides: an error in the remote command is told to who runs locally, too.
 */
export function assemble(
  config: Config,
  matrix: ExpandedMatrix,
  options: AssembleOptions,
): Checked<LaunchPlan> {
  const compiler = new PairCompiler(config, options.side);
  const pairs = new Set(matrix.boxes.map((box) => box.pair));
  for (const pair of pairs) compiler.check(pair);
  compiler.checkSide(options.side);
  const found = [...compiler.diagnostics.values(), ...checkKubeText(config)];
  if (options.side === 'remote')
    found.push(...checkToolbox(config), ...checkBucket(config), ...checkSync(config));
  if (found.every((each) => each.severity === 'warning'))
    found.push(...checkOutputs(config, matrix, (pair) => compiler.compile(pair)));
  const diagnostics = inFileOrder(found, filesOf(config));
  if (diagnostics.some((each) => each.severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, value: new AssembledPlan(config, matrix, compiler, options), diagnostics };
}

class AssembledPlan implements LaunchPlan {
  readonly length: number;
  readonly #matrix: ExpandedMatrix;
  readonly #compiler: PairCompiler;
  readonly #side: Side;
  readonly #fingerprint: ReturnType<typeof makeFingerprint>;
  readonly #points: number[] = [];

  constructor(config: Config, matrix: ExpandedMatrix, compiler: PairCompiler, options: AssembleOptions) {
    this.length = matrix.length;
    this.#matrix = matrix;
    this.#compiler = compiler;
    this.#side = options.side;
    this.#fingerprint = makeFingerprint(options.side, config.dotenv.variables.keys(), options.code);
  }

  at(index: number): JobSpec {
    const points = this.#points;
    const pair = this.#matrix.locate(index, points);
    const compiled = this.#compiler.compile(pair);
    const trial = this.#matrix.trial(index, pair, points);
    const command = renderTemplate(compiled.command[this.#side], points, trial.name);
    const env = compiled.env(points, trial.name);
    const fields = compiled.fields(points, trial.name);
    const fingerprint = this.#fingerprint({ command, env, fields, identity: identityOf(pair, points) });
    return { trial, name: trial.name, side: this.#side, command, env, fields, fingerprint };
  }

  *commands(): Iterable<Pick<JobSpec, 'name' | 'command'>> {
    const points = this.#points;
    for (let index = 0; index < this.length; index++) {
      const pair = this.#matrix.locate(index, points);
      const { name } = this.#matrix.trial(index, pair, points);
      const { command } = this.#compiler.compile(pair);
      yield { name, command: renderTemplate(command[this.#side], points, name) };
    }
  }

  *[Symbol.iterator](): Iterator<JobSpec> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** Compiles pairs, and collects what is wrong with them: each thing once, however many pairs share it. */
class PairCompiler {
  readonly diagnostics = new Map<string, Diagnostic>();
  readonly #config: Config;
  readonly #side: Side;
  readonly #axes: AxisFields;
  readonly #commands = new Map<ModelEntry, Readonly<Record<Side, CommandTemplate>>>();
  readonly #checkedAxes = new Set<PreparedAxis>();
  #errors = 0;
  #last: CompiledPair | undefined;

  constructor(config: Config, side: Side) {
    this.#config = config;
    this.#side = side;
    this.#axes = new AxisFields(config);
  }

  /** Trials come pair by pair, so the last one compiled is kept and no other. */
  compile(pair: NamedPair): CompiledPair {
    if (this.#last?.pair === pair) return this.#last;
    const scope = scopeOf(pair, this.#config.project);
    const report = (text: WrittenText) => (slot: Parameters<typeof unknownPlaceholder>[3]) =>
      this.#report(`${text.path.join('\0')}\0${text.toValue?.(slot.start) ?? slot.start}`, () =>
        unknownPlaceholder(this.#config, pair, text, slot),
      );
    const commands = this.#commandsOf(pair.model);
    const bind = ({ path, written, template, toWritten }: CommandTemplate) => {
      const bound = bindTemplate(template, scope);
      bound.unknown.forEach(report({ path, value: written, toValue: toWritten }));
      return bound;
    };
    const command = { local: bind(commands.local), remote: bind(commands.remote) };
    const fields = compileFields(
      this.#config,
      pair,
      this.#axes,
      scope,
      (path, value, slot) => report({ path, value })(slot),
      this.#side,
    );
    this.#last = { pair, command, ...fields };
    return this.#last;
  }

  check(pair: NamedPair): void {
    const compiled = this.compile(pair);
    const { command } = compiled;
    const { model } = pair;
    if (this.#side === 'remote')
      for (const each of checkPaths(this.#config, pair, compiled))
        this.#report(`path\0${each.message}\0${each.location?.offset}`, () => each);
    if (this.#side === 'remote')
      for (const each of checkPolicy(this.#config, pair, compiled, this.#commandsOf(model).remote))
        this.#report(`policy\0${each.message}\0${each.location?.offset}`, () => each);
    if (sleepsByPlaceholder(command.remote))
      this.#report(`sleep\0${model.name}`, () =>
        sleepInfinity(
          model,
          'sleep infinity',
          this.#config.locate('launch', this.#commandsOf(model).remote.path),
        ),
      );
    for (const axis of pair.axes) {
      if (this.#checkedAxes.has(axis)) continue;
      this.#checkedAxes.add(axis);
      for (const each of this.#axes.of(axis).diagnostics) this.#report(`axis\0${each.message}`, () => each);
      if (axis.hparam.some((each) => each.some(({ text }) => text.includes('\0'))))
        this.#report(`nul\0${axis.path.join('\0')}`, () =>
          errorDiagnostic(
            'MATRIX_NUL',
            `a value of ${quoted(axis.key)} contains a NUL byte, which no command can be given`,
            {
              location: this.#config.locate('launch', axis.path),
              hint: 'take \\0 out of the text',
            },
          ),
        );
    }
  }

  /** What only matters when this side is run. */
  checkSide(side: Side): void {
    for (const [model, commands] of this.#commands) {
      const { template, path } = commands[side];
      if (template.some((part) => typeof part !== 'string' || part.trim() !== '')) continue;
      this.#report(`empty\0${model.name}`, () =>
        warningDiagnostic(
          'MATRIX_EMPTY_COMMAND',
          `model ${quoted(model.name)} has nothing to run in a ${side} run`,
          {
            location: this.#config.locate('launch', path),
          },
        ),
      );
    }
  }

  #commandsOf(model: ModelEntry): Readonly<Record<Side, CommandTemplate>> {
    let commands = this.#commands.get(model);
    if (commands === undefined) {
      commands = {
        local: compileCommand(this.#config, model, 'local'),
        remote: compileCommand(this.#config, model, 'remote'),
      };
      this.#commands.set(model, commands);
      for (const each of [...commands.local.diagnostics, ...commands.remote.diagnostics])
        this.#report(`${each.code}\0${model.name}\0${each.location?.offset}`, () => each);
    }
    return commands;
  }

  #report(key: string, make: () => Diagnostic): void {
    if (this.#errors > mostErrors || this.diagnostics.has(key)) return;
    const diagnostic = make();
    if (diagnostic.severity === 'error') this.#errors += 1;
    this.diagnostics.set(key, diagnostic);
  }
}
