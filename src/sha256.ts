import type * as Crypto from 'node:crypto';

let crypto: typeof Crypto | undefined;

/** SHA-256 in hex. Node takes 4 ms to load its cryptography, and commands that only print a plan hash nothing. */
export function sha256(text: string): string {
  crypto ??= process.getBuiltinModule('node:crypto');
  return crypto.hash('sha256', text, 'hex');
}
