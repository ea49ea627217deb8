/** What the body of a request to `make server` says. */
export interface ServerCall {
  readonly file: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly local_path: string | undefined;
  readonly overwrite: boolean;
  readonly allow_empty: boolean;
  readonly dry_run: boolean;
}

const select = ['file', 'include', 'exclude'];
const transfer = [...select, 'local_path', 'overwrite', 'allow_empty', 'dry_run'];

/** The flags of each, as the command of that name has them: one that did nothing would be believed to do something. */
const flagsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ['/find', select],
  ['/list', ['file']],
  ['/upload', transfer],
  ['/download', transfer],
  ['/remove', [...select, 'dry_run']],
]);

const mostBytes = 1 << 20;

export function isPath(path: string): boolean {
  return flagsOf.has(path);
}

/** The flags in a request's body, or what is wrong with it. */
export async function readCall(path: string, body: AsyncIterable<Buffer>): Promise<ServerCall | string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > mostBytes) return 'the body is too large';
    chunks.push(chunk);
  }
  try {
    return parseCall(path, JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    return 'the body is no JSON';
  }
}

function parseCall(path: string, body: unknown): ServerCall | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'the body is no JSON object';
  const flags = flagsOf.get(path) ?? [];
  const stranger = Object.keys(body).find((name) => !flags.includes(name));
  if (stranger !== undefined)
    return `there is no flag "${stranger}" for ${path}, which takes ${flags.join(', ')}`;
  const {
    file,
    include = [],
    exclude = [],
    local_path,
    overwrite = false,
    allow_empty = false,
    dry_run = false,
  } = body as Record<string, unknown>;
  if (file === undefined || file === '') return `"file" is ${file === '' ? 'empty' : 'missing'}`;
  if (typeof file !== 'string') return '"file" is no text';
  if (!isTexts(include) || !isTexts(exclude)) return '"include" and "exclude" are lists of texts';
  if (local_path !== undefined && typeof local_path !== 'string') return '"local_path" is no text';
  if (local_path === '') return '"local_path" is empty';
  if (typeof overwrite !== 'boolean' || typeof allow_empty !== 'boolean' || typeof dry_run !== 'boolean')
    return '"overwrite", "allow_empty" and "dry_run" are true or false';
  return { file, include, exclude, local_path, overwrite, allow_empty, dry_run };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
