/** A folder's or a person's name as a label of letters, digits and dashes; `undefined` where nothing is left. */
export function projectName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 30)
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? undefined : name;
}

/** A name as YAML text: quoted where YAML would read a number or a truth value (`2024`, `true`, `1e5`). */
export function yamlText(name: string): string {
  return /^[a-z]/.test(name) && !/^(true|false|null|yes|no|on|off|y|n)$/.test(name) ? name : `"${name}"`;
}
