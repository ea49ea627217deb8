import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hintFor, nearestName } from '../../src/diagnostics/nearest-name.ts';
import { fieldsSchema } from '../../src/generated/schemas.js';

const fields = Object.keys(fieldsSchema.properties ?? {});

describe('the nearest name', () => {
  it.each([
    ['gpu_cont', 'gpu_count'],
    ['gpucount', 'gpu_count'],
    ['gpu-count', 'gpu_count'],
    ['GPU_COUNT', 'gpu_count'],
    ['memroy', 'memory'],
    ['mem', 'memory'],
    ['imgae', 'image'],
    ['evn', 'env'],
    ['tolerations_', 'tolerations'],
    ['volume', 'volumes'],
    ['ephemeralStorage', 'ephemeral_storage'],
    ['gpu_whitelst', 'gpu_whitelist'],
    ['hostname_blaklist', 'hostname_blacklist'],
    ['timout', 'timeout'],
    ['label', 'labels'],
  ])('of %s is %s', (written, meant) => {
    expect(nearestName(written, fields)).toBe(meant);
  });

  it.each(['', 'x', 'zz', 'completely', 'gpu', 'namespace', 'x'.repeat(1000)])('of %j is none', (written) => {
    expect(nearestName(written, fields)).toBeUndefined();
  });

  it('is the first of those that are as near', () => {
    expect(nearestName('data3', ['data1', 'data2'])).toBe('data1');
    expect(nearestName('ab', ['cd', 'ac'])).toBe('ac');
  });

  it('is the name itself where it is known', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.nat(),
        (known, index) => {
          const name = known[index % known.length] ?? '';
          expect(nearestName(name, known)).toBe(name);
        },
      ),
    );
  });

  it('makes a hint', () => {
    expect(hintFor('evn', fields)).toBe('did you mean "env"?');
    expect(hintFor('bas', ['base'], (name) => `*${name}`)).toBe('did you mean "*base"?');
    expect(hintFor('zzzzzz', fields)).toBeUndefined();
  });
});
