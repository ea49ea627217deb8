import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const keyBytes = 32;

/**
 * The key of this checkout for names of Secrets: `.toolbox/secret-key`, made when first needed. It keeps names
 * from telling, by guesses, what is in a Secret; losing it makes new Secrets and breaks nothing.
 */
export async function loadSecretKey(root: string): Promise<Uint8Array> {
  const file = path.join(root, '.toolbox', 'secret-key');
  const known = await read(file);
  if (known !== undefined) return known;
  await mkdir(path.dirname(file), { recursive: true });
  // Written whole under another name, then linked: of two processes at once, one wins and both use its key.
  const whole = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(whole, randomBytes(keyBytes), { mode: 0o600, flag: 'wx' });
  try {
    await link(whole, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await read(file)) === undefined) await rm(file, { force: true });
    else return await loadSecretKey(root);
    await link(whole, file);
  } finally {
    await rm(whole, { force: true });
  }
  return await loadSecretKey(root);
}

/** `undefined` for a file that is missing, or cut short. */
async function read(file: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(file);
    return bytes.length === keyBytes ? bytes : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
