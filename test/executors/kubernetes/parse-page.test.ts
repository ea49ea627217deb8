import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePage, withoutManagedFields } from '../../../src/executors/kubernetes/parse-page.ts';
import { withManagedFields } from '../../fakes/kubernetes-api-managed-fields.ts';

const hostile = fc.constantFrom(
  ']',
  '}],',
  '}]}',
  '"managedFields":[',
  ',"managedFields":[{"a":1}]',
  '\\"managedFields\\":[',
  'managedFields',
);
const text = fc.oneof(hostile, fc.string());
const object = fc.record({
  metadata: fc.record({
    name: text,
    uid: fc.constant('u'),
    resourceVersion: fc.constant('1'),
    creationTimestamp: fc.constant('2026-01-01T00:00:00Z'),
    annotations: fc.dictionary(text, text),
  }),
  spec: fc.dictionary(text, fc.oneof(text, fc.array(text), fc.dictionary(text, text))),
});

const page = (items: readonly object[]) => ({ metadata: { continue: 'next' }, items });

/** Anything that is called the same goes, too, or stays where it does not look the same: nothing else has that name. */
const rest = (value: object): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, each) => (key === 'managedFields' && Array.isArray(each) ? undefined : each)),
  );

describe('a page of a listing', () => {
  it('is parsed as it is, but for the fields that nothing reads', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 4 }), (objects) => {
        const sent = JSON.stringify(page(objects.map((each) => withManagedFields(each))));
        expect(rest(parsePage(sent))).toEqual(rest(page(objects)));
      }),
    );
  });

  it('loses them wherever a server writes them', () => {
    const fields = '"managedFields":[{"manager":"kubectl","fieldsV1":{"f:spec":{".":{}}}}]';
    for (const [sent, left] of [
      [
        `{"metadata":{"name":"a",${fields}},"spec":{"args":["x"]}}`,
        '{"metadata":{"name":"a"},"spec":{"args":["x"]}}',
      ],
      [`{"metadata":{"labels":{},${fields},"name":"a"}}`, '{"metadata":{"labels":{},"name":"a"}}'],
      [`{"metadata":{${fields},"name":"a"}}`, '{"metadata":{"name":"a"}}'],
      [`{"metadata":{${fields}}}`, '{"metadata":{}}'],
      ['{"metadata":{"name":"a","managedFields":[]}}', '{"metadata":{"name":"a"}}'],
    ] as const)
      expect(withoutManagedFields(sent)).toBe(left);
  });

  it('is parsed whole where a name in them has a bracket', () => {
    const sent = '{"metadata":{"managedFields":[{"fieldsV1":{"k:{\\"name\\":\\"a]b\\"}":{}}}],"name":"a"}}';
    expect(parsePage(sent)).toEqual(JSON.parse(sent));
  });

  it('that is not JSON is refused as it came', () => {
    expect(() => parsePage('{"metadata":{"managedFields":[]},')).toThrow(SyntaxError);
  });
});
