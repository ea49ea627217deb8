import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { problemsOf } from './read.ts';

interface Property {
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly $ref?: string;
}

function propertiesOf(name: string): [string, Property][] {
  const schema = JSON.parse(readFileSync(`schemas/${name}.schema.json`, 'utf8'));
  return Object.entries(schema.properties);
}

const errors = (problems: readonly string[]) =>
  problems.filter((each) => !each.startsWith('CONFIG_OLD_SPELLING'));

describe('every field', () => {
  it.each(propertiesOf('fields'))(
    '%s has a description, and examples and a default that are valid',
    (name, field) => {
      expect(field.description).toMatch(/\.$/);
      expect(field.examples?.length).toBeGreaterThan(0);
      for (const value of [...(field.examples ?? []), ...('default' in field ? [field.default] : [])]) {
        const launch = stringify({
          [name]: value,
          model: { a: { command: 'true', [name]: value } },
          dataset: { d: { [name]: value } },
        });
        const kube = stringify({ project_name: 'p', user: 'u', namespace: 'n', [name]: value });
        expect(errors(problemsOf({ launch, kube }))).toEqual([]);
      }
    },
  );

  it.each(propertiesOf('kube').filter(([, field]) => field.$ref === undefined))(
    '%s of kube.yaml too',
    (name, field) => {
      expect(field.description).toMatch(/\.$/);
      for (const value of [...(field.examples ?? []), ...('default' in field ? [field.default] : [])]) {
        const kube = stringify({ project_name: 'p', user: 'u', namespace: 'n', [name]: value });
        expect(errors(problemsOf({ launch: 'model: {a: {command: "true"}}', kube }))).toEqual([]);
      }
    },
  );

  it('is refused where it holds for the whole project', () => {
    for (const [name, field] of propertiesOf('kube').filter(([, each]) => each.$ref === undefined)) {
      const launch = stringify({ model: { a: { command: 'true', [name]: field.examples?.[0] } } });
      expect(problemsOf({ launch })).toHaveLength(1);
      expect(problemsOf({ launch })[0]).toMatch(/^CONFIG_PROJECT_WISE/);
    }
  });
});
