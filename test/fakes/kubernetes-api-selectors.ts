import { badRequest, type Status } from './kubernetes-api-status.ts';
import type { ApiObject } from './kubernetes-api-store.ts';

type Matches = (object: ApiObject) => boolean;

/** Label selectors: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`. */
export function parseLabelSelector(text: string): Matches | Status {
  const rules: Matches[] = [];
  for (const part of text.split(/,(?![^(]*\))/).filter((each) => each.trim() !== '')) {
    const set = /^\s*([^\s!=()]+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(part);
    const equal = /^\s*([^\s!=()]+)\s*(!=|==?)\s*([^\s!=()]*)\s*$/.exec(part);
    const exists = /^\s*(!?)\s*([^\s!=()]+)\s*$/.exec(part);
    if (set !== null) {
      const [, key = '', operator, list = ''] = set;
      const values = list.split(',').map((each) => each.trim());
      rules.push((object) => values.includes(object.metadata.labels?.[key] ?? '\0') === (operator === 'in'));
    } else if (equal !== null) {
      const [, key = '', operator, value] = equal;
      rules.push((object) => (object.metadata.labels?.[key] === value) === (operator !== '!='));
    } else if (exists !== null) {
      const [, not, key = ''] = exists;
      rules.push((object) => (object.metadata.labels?.[key] !== undefined) === (not === ''));
    } else
      return badRequest(`found '${part.trim().slice(0, 2)}', expected: !, identifier, or 'end of string'`);
  }
  return (object) => rules.every((rule) => rule(object));
}

/** Field selectors the server supports for every kind, and those of pods and events. */
export function parseFieldSelector(text: string): Matches | Status {
  const rules: Matches[] = [];
  for (const part of text.split(',').filter((each) => each !== '')) {
    const [, path = '', operator, value = ''] = /^([^!=]+)(!=|==?)(.*)$/.exec(part) ?? [];
    if (
      !/^(metadata\.(name|namespace)|status\.phase|spec\.(nodeName|restartPolicy)|involvedObject\.(kind|name|namespace|uid)|reason|type|status\.successful)$/.test(
        path,
      )
    )
      return badRequest(`field label not supported: ${path}`);
    rules.push((object) => {
      // biome-ignore lint/suspicious/noExplicitAny: a path through any object
      const found = path.split('.').reduce<any>((at, key) => at?.[key], object);
      return (String(found ?? '') === value) === (operator !== '!=');
    });
  }
  return (object) => rules.every((rule) => rule(object));
}
