import { quoted } from '../diagnostics/quoted.ts';
import type { Path } from './tree.ts';

/**
 * A path in words: what is there (`"hparam.lr[1]"`), and where (` in model "median"`, or nothing at the
 * root). With `inside`, the path is the place that holds what is spoken of.
 */
export function describePath(path: Path, inside = false): { readonly what: string; readonly where: string } {
  const [section, name, ...rest] = path;
  const named = (section === 'model' || section === 'dataset') && name !== undefined;
  if (named && rest.length > 0 && !inside) {
    return { what: quoted(join(rest)), where: ` in ${section} ${quoted(String(name))}` };
  }
  if (named && !inside) return { what: `${section} ${quoted(String(name))}`, where: '' };
  if (named) {
    const within = rest.length > 0 ? ` in ${quoted(join(rest))}` : '';
    return { what: '', where: `${within} in ${section} ${quoted(String(name))}` };
  }
  if (!inside) return { what: path.length === 0 ? 'the file' : quoted(join(path)), where: '' };
  return { what: '', where: path.length === 0 ? '' : ` in ${quoted(join(path))}` };
}

function join(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
}
