/** One element of an answer: its text (own text only) and the elements in it. */
export interface XmlElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/** The answer is not one whole XML document. */
export class BrokenXml extends Error {
  override readonly name = 'BrokenXml';
}

/**
 * Reads the XML that S3 servers answer with: elements and text, no DTD. Strict where it matters: a document that
 * was cut off anywhere, or whose tags do not close in order, is an error and never a shorter answer.
 */
export function parseXml(source: string): XmlElement {
  const root: XmlElement = { name: '', text: '', children: [] };
  const stack: XmlElement[] = [root];
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < source.length) {
    const top = stack.at(-1) ?? root;
    const open = source.indexOf('<', at);
    if (open !== at) {
      const text = source.slice(at, open === -1 ? undefined : open);
      if (top !== root) top.text = top.text === '' ? decodeEntities(text) : top.text + decodeEntities(text);
      else if (text.trim() !== '') throw new BrokenXml('text outside of the document');
    }
    if (open === -1) break;
    at = skipMarkup(source, open) ?? readTag(source, open, stack);
  }
  const [document] = root.children;
  if (stack.length !== 1) throw new BrokenXml(`cut off inside <${stack.at(-1)?.name}>`);
  if (document === undefined || root.children.length !== 1) throw new BrokenXml('not one document');
  return document;
}

/** The text of a direct child, `undefined` where there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** Text for an element's content; carriage returns and line breaks survive a parser. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Whether a text can be in XML 1.0 at all. */
export function fitsXml(text: string): boolean {
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) && text.isWellFormed();
}

/** Past a declaration or comment, or `undefined` where `open` begins an element. */
function skipMarkup(source: string, open: number): number | undefined {
  if (source.startsWith('<?', open)) return endOf(source, '?>', open);
  if (source.startsWith('<!--', open)) return endOf(source, '-->', open);
  if (source.startsWith('<!', open)) throw new BrokenXml('a DTD or CDATA section');
  return undefined;
}

function readTag(source: string, open: number, stack: XmlElement[]): number {
  const end = endOf(source, '>', open);
  const inside = source.slice(open + 1, end - 1);
  if (inside.startsWith('/')) {
    const closed = stack.pop();
    if (closed === undefined || stack.length === 0 || closed.name !== localName(inside.slice(1)))
      throw new BrokenXml(`</${inside.slice(1)}> closes nothing`);
    return end;
  }
  const empty = inside.endsWith('/');
  const element: XmlElement = {
    name: localName(/^\w+$/.test(inside) ? inside : inside.replace(/[\s/][\s\S]*$/, '')),
    text: '',
    children: [],
  };
  stack.at(-1)?.children.push(element);
  if (!empty) stack.push(element);
  return end;
}

function endOf(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from);
  if (at === -1) throw new BrokenXml('cut off inside a tag');
  return at + mark.length;
}

function localName(name: string): string {
  if (/^\w+$/.test(name)) return name;
  const trimmed = name.trim();
  return trimmed.slice(trimmed.indexOf(':') + 1);
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text as it was before it was put into XML. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    if (!(code <= 0x10ffff)) throw new BrokenXml(`a character ${whole}`);
    return String.fromCodePoint(code);
  });
}
