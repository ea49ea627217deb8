/** Text that goes into the manifest as it is: what a helper has written itself. */
export class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** How Handlebars asks for it. */
  toHTML(): string {
    return this.text;
  }
}

/**
 * A value as JSON that is YAML as well, on one line. JSON's own escapes are not quite enough: YAML readers
 * take U+0085, U+2028 and U+2029 for line breaks and refuse other control characters and non-characters.
 */
export function writeJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/.test(json)
    ? json.replace(
        /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : json;
}

/** A mapping's key: plain where YAML cannot misread it, else as JSON. */
export function writeKey(key: string): string {
  return /^[A-Za-z_][\w./-]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key)
    ? key
    : writeJson(key);
}

/**
 * A tree of values as YAML in block style, its lines after the first indented by `column`. `write` writes
 * each scalar; absent (`undefined`) fields are left out.
 */
export function writeBlock(value: unknown, column: number, write: (scalar: unknown) => string): string {
  const pad = `\n${' '.repeat(column)}`;
  if (Array.isArray(value)) {
    // Texts and numbers stand side by side, as people write them.
    if (!isTree(value)) return `[${value.map(write).join(', ')}]`;
    return value.map((each) => `- ${writeBlock(each, column + 2, write)}`).join(pad);
  }
  if (typeof value !== 'object' || value === null) return write(value);
  const lines: string[] = [];
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined) continue;
    if (isTree(each)) {
      // A list stands below its key, indented by two, as kubectl prints mappings and people write lists.
      lines.push(`${writeKey(key)}:\n${' '.repeat(column + 2)}${writeBlock(each, column + 2, write)}`);
    } else lines.push(`${writeKey(key)}: ${writeBlock(each, column, write)}`);
  }
  return lines.length === 0 ? '{}' : lines.join(pad);
}

/** Whether a value takes lines of its own: a mapping or list of mappings with something in it. */
function isTree(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value)
    ? value.some((each) => typeof each === 'object')
    : Object.keys(value).length > 0;
}
