/** What a Makefile includes, as written. */
export function includedFiles(makefile: string): readonly string[] {
  return [...makefile.matchAll(/^[-s]?include +(.*)$/gm)].flatMap((line) =>
    (line[1] ?? '')
      .trim()
      .split(/(?<!\\) +/)
      .map((file) => file.replaceAll('$$', '$').replaceAll(/\\([ #])/g, '$1')),
  );
}

/** As make reads a file's name behind `include`. */
function escaped(file: string): string {
  return file.replaceAll('$', '$$$$').replaceAll(/[ #]/g, '\\$&');
}

/**
 * The line that brings the toolbox's targets into a project's Makefile, unless that Makefile defines a target of
 * the same name, which the line would replace.
 *
 * @param text the project's Makefile as it is, empty where there is none
 * @param shipped the toolbox's own Makefile
 * @param toolbox the toolbox's folder, relative to the project or absolute
 */
export function makefileLine(
  text: string,
  shipped: string,
  toolbox: string,
): { readonly line?: string; readonly obstacle?: string } {
  const line = `include ${escaped(toolbox)}/Makefile`;
  const ours = new Set(targetsOf(shipped.replace(/^ifeq \(\$\(toolbox\),\)[\s\S]*?^endif/m, '')));
  const same = targetsOf(text).filter((name) => ours.has(name));
  if (same.length === 0) return { line };
  return { obstacle: `it has targets of the same name: ${same.join(', ')}; rename them and add: ${line}` };
}

/** Names on the left of rules. */
function targetsOf(makefile: string): readonly string[] {
  return [...makefile.matchAll(/^([A-Za-z][\w. -]*):(?!=)/gm)].flatMap((rule) =>
    (rule[1] ?? '').trim().split(/ +/),
  );
}
