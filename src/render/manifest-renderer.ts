import escapeRegExp from 'lodash/escapeRegExp.js';
import { type Diagnostic, errorDiagnostic, type Location } from '../diagnostics/diagnostic.ts';
import { checkType, formatPath } from './check-types.ts';
import { Filler, plain } from './filler.ts';
import { findCause } from './find-cause.ts';
import type { LimitProblem } from './limit-problem.ts';
import { joinText, ManifestText } from './manifest-text.ts';
import { type KubernetesObject, RenderedObject } from './rendered-object.ts';
import { Replay } from './replay.ts';
import { analyzeSkeleton, type ManifestProblem, parseManifest } from './skeleton.ts';
import { hole, type Rendering } from './template-engine.ts';
import type { TemplateSet } from './template-set.ts';
import { writeJson } from './write-value.ts';

/** Skeletons kept: a sweep has a handful; a template that puts values into keys could have one a trial. */
const maxSkeletons = 256;

/** Different problems whose cause is looked for: trials by the thousand have the same few, or it is in their values. */
const maxBlamed = 50;

/** @see Cause */
interface Blame {
  readonly location: Location;
  readonly isShared: boolean;
}

export interface RenderedManifest {
  readonly object: RenderedObject | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Templates to manifests that have the Kubernetes types. Manifests that differ only in values are parsed and
 * checked once; only the values are checked each time. The result is the same as of parsing each text.
 */
export class ManifestRenderer {
  readonly #templates: TemplateSet;
  /** `undefined`: this text's manifests have to be parsed one by one. */
  readonly #fillers = new Map<string, Filler | undefined>();

  readonly #replays = new Map<
    string,
    { readonly replay: Replay | undefined; readonly filler: Filler | undefined }
  >();

  /** By template and path: of a sweep one is told of, and each would be one more parse. */
  readonly #places = new Map<string, Location | undefined>();

  readonly #blamed = new Map<string, Blame | undefined>();

  constructor(templates: TemplateSet) {
    this.#templates = templates;
  }

  /** @param name of the template, `job.yaml` */
  render(name: string, view: unknown): RenderedManifest {
    const again = this.#renderAgain(name, view);
    if (again !== undefined) return again;
    let rendering: Rendering;
    try {
      rendering = this.#templates.engine.render(name, view);
    } catch (error) {
      return { object: undefined, diagnostics: [this.#missingValue(name, error)] };
    }
    const filler = this.#fillerOf(rendering.text);
    if (filler !== undefined && filler.skeleton.pieces.length === rendering.values.length + 1)
      return this.#fill(name, view, filler, rendering.values);
    const text = joinText(rendering.text.split(hole), rendering.values.map(writeJson));
    const { object, problems } = parseManifest(text);
    if (problems.length > 0) return this.#refuse(name, view, problems);
    return { object: new RenderedObject(ManifestText.of(text), object as KubernetesObject), diagnostics: [] };
  }

  /** The way of most manifests of a sweep, with the shipped templates: they differ in texts from the one before. */
  #renderAgain(name: string, view: unknown): RenderedManifest | undefined {
    if (this.#templates.own !== undefined) return undefined;
    let known = this.#replays.get(name);
    let values = known?.replay?.values(view);
    if (values === undefined) {
      const replay = Replay.of(view, (slotted) => this.#templates.engine.render(name, slotted));
      known = { replay, filler: replay && this.#fillerOf(replay.text) };
      this.#replays.set(name, known);
      values = replay?.values(view);
    }
    if (values === undefined || known?.filler?.skeleton.pieces.length !== values.length + 1) return undefined;
    return this.#fill(name, view, known.filler, values);
  }

  #fill(name: string, view: unknown, filler: Filler, values: readonly unknown[]): RenderedManifest {
    const { skeleton } = filler;
    let problems: ManifestProblem[] | undefined =
      skeleton.problems.length > 0 ? [...skeleton.problems] : undefined;
    for (let index = 0; index < skeleton.holes.length; index++) {
      const value = values[index];
      const hole = skeleton.holes[index];
      // Nearly every value is a text where a text belongs.
      if (hole === undefined || (typeof value === 'string' && hole.isText)) continue;
      checkType(plain(value), hole.type, hole.path, (each) => {
        problems ??= [];
        problems.push({ ...each, line: hole.line });
      });
    }
    if (problems !== undefined) return this.#refuse(name, view, problems);
    const { manifest, object } = filler.fill(values);
    return { object: new RenderedObject(manifest, object as KubernetesObject), diagnostics: [] };
  }

  #fillerOf(text: string): Filler | undefined {
    if (this.#fillers.has(text)) return this.#fillers.get(text);
    const skeleton = analyzeSkeleton(text);
    const filler = skeleton && new Filler(skeleton);
    if (this.#fillers.size >= maxSkeletons) this.#fillers.clear();
    this.#fillers.set(text, filler);
    return filler;
  }

  #refuse(name: string, view: unknown, problems: readonly ManifestProblem[]): RenderedManifest {
    const diagnostics = problems.map((problem) => {
      const { path, message, hint, line, syntax } = problem;
      const location = this.#locate(name, view, line);
      const where = path.length === 0 ? '' : `${formatPath(path)}: `;
      const from = location === undefined ? ` (template ${name}.hbs, line ${line} of what it makes)` : '';
      return syntax === true
        ? errorDiagnostic('RENDER_MANIFEST_SYNTAX', `${message}${from}`, {
            location,
            hint,
          })
        : errorDiagnostic('RENDER_MANIFEST_TYPE', `${where}${message}${from}`, { location, hint });
    });
    return { object: undefined, diagnostics };
  }

  /**
   * Where the project's template wrote what a limit is about; `undefined` where it is in what was put in, or in a
   * shipped template.
   *
   * @param object what `render` made of the same
   */
  blame(name: string, view: unknown, object: RenderedObject, problem: LimitProblem): Blame | undefined {
    if (this.#templates.own === undefined) return undefined;
    const id = `${name} ${problem.message}`;
    if (this.#blamed.has(id) || this.#blamed.size >= maxBlamed) return this.#blamed.get(id);
    // Nothing in the copy is frozen, and so nothing of it becomes part of the text.
    const { text } = this.#templates.engine.render(name, structuredClone(view));
    const holes = analyzeSkeleton(text)?.holes ?? [];
    const cause = findCause(
      object,
      problem,
      holes.map(({ path }) => path),
    );
    const location = cause && this.#locate(name, view, parseManifest(object.text).lineOf(cause.path));
    const blame = location && { location, isShared: cause.isShared };
    this.#blamed.set(id, blame);
    return blame;
  }

  /** Where the project's template wrote what is at a path, or would be. */
  place(
    name: string,
    view: unknown,
    { text }: RenderedObject,
    path: readonly string[],
  ): Location | undefined {
    const id = [name, ...path].join(' ');
    if (!this.#places.has(id))
      this.#places.set(id, this.#locate(name, view, parseManifest(text).lineOf(path)));
    return this.#places.get(id);
  }

  /** @param line of what the template makes */
  #locate(name: string, view: unknown, line: number): Location | undefined {
    const { own } = this.#templates;
    // What is missing of a mapping is so where it is written, which begins on the line after its key.
    const place = own?.trace(name, view, line) ?? own?.trace(name, view, line + 1);
    const text = place?.file.line(place.line) ?? '';
    const indent = text.length - text.trimStart().length;
    return (
      place && {
        file: place.file,
        offset: lineOffset(place.file.text, place.line) + indent,
        length: Math.max(1, text.length - indent),
      }
    );
  }

  #missingPartial(partial: string, cause: unknown): Diagnostic {
    const call = new RegExp(`{{~?\\s*>\\s*${escapeRegExp(partial)}\\b`);
    const own = [...this.#templates.files.values()].find((file) => call.test(file.text));
    const offset = own === undefined ? 0 : own.text.search(call);
    return errorDiagnostic('RENDER_TEMPLATE_VALUE', `there is no template "${partial}" to include`, {
      location: own && { file: own, offset, length: call.exec(own.text)?.[0].length ?? 0 },
      hint: 'docs/templates.md lists the templates',
      cause,
    });
  }

  /** A name that the view does not have: Handlebars says which and where, not in which template. */
  #missingValue(name: string, error: unknown): Diagnostic {
    const { message, lineNumber, column } = error as Error & { lineNumber?: number; column?: number };
    const partial = /^The partial (\S+) could not be found/.exec(message)?.[1];
    if (partial !== undefined) return this.#missingPartial(partial, error);
    const missing = /^"(.*?)" not defined/.exec(message)?.[1];
    const own = [...this.#templates.files].find(
      ([, file]) => missing !== undefined && file.line(lineNumber ?? 0).includes(missing, column ?? 0),
    )?.[1];
    const what = missing === undefined ? message : `there is no value "${missing}"`;
    return errorDiagnostic('RENDER_TEMPLATE_VALUE', `${what} in template ${own?.path ?? `${name}.hbs`}`, {
      location: own && {
        file: own,
        offset: lineOffset(own.text, lineNumber ?? 1) + (column ?? 0),
        length: missing?.length ?? 1,
      },
      hint: 'docs/templates.md lists what each template is given',
      cause: error,
    });
  }
}

function lineOffset(text: string, line: number): number {
  let offset = 0;
  for (let number = 1; number < line; number++) offset = text.indexOf('\n', offset) + 1;
  return offset;
}
