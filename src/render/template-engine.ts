import runtime from 'handlebars/runtime.js';
import { Written, writeBlock, writeJson, writeKey } from './write-value.ts';

/** A template after `compileTemplate`, evaluated. */
export type TemplateProgram = { readonly main: (container: Container, ...rest: unknown[]) => unknown };

interface Container {
  escapeExpression: (value: unknown) => string;
}

/**
 * A rendered template before its values are filled in: `text` has one NUL for each value, in order. What is part
 * of `text` was written by `writeJson` and `writeKey`, which write no NUL, so equal texts mean the same
 * manifest but for the values, and it is parsed and checked once.
 */
export interface Rendering {
  readonly text: string;
  readonly values: readonly unknown[];
}

// The runtime's declaration file says nothing of what it exports: it is the compiler's, without compile().
const Handlebars = runtime as unknown as typeof import('handlebars');

export const hole = '\0';

/** Runs precompiled templates: `{{value}}` writes JSON, partials are the templates' names without ending. */
export class TemplateEngine {
  readonly #templates = new Map<string, (view: unknown) => string>();
  #values: unknown[] = [];

  constructor(programs: ReadonlyMap<string, TemplateProgram>) {
    const handlebars = Handlebars.create();
    const write = (value: unknown): string => {
      if (value instanceof Written) return value.text;
      this.#values.push(value === undefined ? null : value);
      return hole;
    };
    handlebars.registerHelper('key', (key: unknown) => new Written(writeKey(String(key))));
    const constants = new WeakMap<object, Map<number, Written>>();
    handlebars.registerHelper('block', (value: unknown, column: number) => {
      if (!Object.isFrozen(value) || typeof value !== 'object' || value === null)
        return new Written(writeBlock(value, column, write));
      // What a view has frozen is the same for many manifests: written once, and part of the text.
      const columns = constants.get(value) ?? new Map<number, Written>();
      constants.set(value, columns);
      const written = columns.get(column) ?? new Written(writeBlock(value, column, writeJson));
      columns.set(column, written);
      return written;
    });
    handlebars.registerHelper('concat', (...parts: unknown[]) => parts.slice(0, -1).join(''));
    for (const [name, program] of programs) {
      const template = handlebars.template({
        ...program,
        // The container is made anew for each template; this is the one place where it can be reached.
        main: (container: Container, ...rest: unknown[]) => {
          container.escapeExpression = write;
          return program.main(container, ...rest);
        },
      } as unknown as TemplateSpecification);
      handlebars.registerPartial(name.replace(/\..*$/, ''), template);
      this.#templates.set(name, template);
    }
  }

  /** @throws Handlebars.Exception for a name the template uses and the view does not have */
  render(name: string, view: unknown): Rendering {
    const template = this.#templates.get(name);
    if (template === undefined) throw new Error(`there is no template ${name}`);
    this.#values = [];
    const text = template(view);
    return { text, values: this.#values };
  }
}
