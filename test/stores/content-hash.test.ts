import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createContentHash } from '../../src/stores/content-hash.ts';

const gmac = (...pieces: readonly Uint8Array[]): string => {
  const hash = createContentHash('gmac');
  for (const piece of pieces) hash.update(piece);
  return hash.digest().toString('hex');
};

describe('the checksum', () => {
  it('is that of NIST for the key 0', () => {
    // The first test vector of the GCM specification.
    expect(gmac()).toBe('58e2fccefa7e3061367f1d57a4e7455a');
  });

  it('is of the bytes, however they come', () => {
    const bytes = randomBytes(100_003);
    const whole = gmac(bytes);
    for (const cut of [0, 1, 15, 16, 17, 4096, 100_002])
      expect(gmac(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole);
    expect(gmac(...Array.from({ length: 100_003 }, (_, index) => bytes.subarray(index, index + 1)))).toBe(
      whole,
    );
  });

  it('differs where one bit does, or one byte is missing', () => {
    const bytes = randomBytes(50_000);
    const whole = gmac(bytes);
    const seen = new Set([
      whole,
      gmac(bytes.subarray(1)),
      gmac(bytes.subarray(0, -1)),
      gmac(bytes, Buffer.alloc(1)),
    ]);
    for (const at of [0, 1, 4095, 25_000, 49_999])
      for (const bit of [1, 128]) {
        const wrong = Buffer.from(bytes);
        wrong[at] = (wrong[at] ?? 0) ^ bit;
        seen.add(gmac(wrong));
      }
    expect(seen.size).toBe(14);
  });
});
