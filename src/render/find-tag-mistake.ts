/** What is wrong with a template's tags, and where: `offset` and `length` count characters of its text. */
export interface TagMistake {
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
  readonly length: number;
}

interface Tag {
  readonly text: string;
  readonly name: string;
  readonly offset: number;
}

// `{{!-- … --}}`, `{{! … }}`, or a tag: its sign, its name, whatever is in it, and the braces at its end, if any.
const tags =
  /\{\{~?!--[\s\S]*?--~?\}\}|\{\{~?![\s\S]*?\}\}|\{\{\{?~?\s*(?<sign>[#/^]?)[>*\s]*(?<name>[^\s{}~"']*)(?:"[^"\n]*"|'[^'\n]*'|[^{}])*(?<end>\}\}?)?/g;

/**
 * Why a template that Handlebars cannot read is none: a tag or a block that is not closed, or an end of no block.
 * Handlebars names a token, and the line where it gave up, which of a block is the end of the file.
 *
 * @param isHelper whether there is a block helper of that name
 */
export function findTagMistake(text: string, isHelper: (name: string) => boolean): TagMistake | undefined {
  const open: Tag[] = [];
  for (const found of text.matchAll(tags)) {
    const { sign, name = '', end } = found.groups ?? {};
    if (sign === undefined) continue;
    const tag = { text: found[0].trimEnd(), name, offset: found.index };
    if (end !== '}}') {
      const begun = { ...tag, text: tag.text.split('\n')[0]?.trimEnd() ?? '' };
      return at(begun, `${begun.text} is not closed`, 'a tag ends with }}');
    }
    // `{{^}}` alone is an else.
    if (sign === '#' || (sign === '^' && name !== '')) open.push(tag);
    if (sign !== '/') continue;
    const begun = open.pop();
    if (begun === undefined)
      return at(
        tag,
        `${tag.text} ends no block`,
        `remove it, or write {{#${name} …}} where its block begins`,
      );
    if (begun.name === name) continue;
    // Of an unknown helper the caller knows more to say.
    if (!isHelper(begun.name)) return undefined;
    return isHelper(name) && open.some((each) => each.name === name)
      ? neverEnded(begun)
      : at(tag, `${tag.text} does not end ${begun.text}`, `write {{/${begun.name}}}`);
  }
  const last = open.at(-1);
  return last && neverEnded(last);
}

function neverEnded(tag: Tag): TagMistake {
  return at(tag, `${tag.text} is never ended`, `write {{/${tag.name}}} on the line after what belongs to it`);
}

function at({ offset, text }: Tag, message: string, hint: string): TagMistake {
  return { message, hint, offset, length: text.length };
}
