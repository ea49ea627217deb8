import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: repository,
  encoding: 'utf8',
})
  .trimEnd()
  .split('\n');

/** Anchors as GitHub makes them of headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(path.join(repository, page), 'utf8');
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

  it('has links that lead somewhere', () => {
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target =
        file === '' ? path.join(repository, page) : path.join(repository, path.dirname(page), file);
      if (!existsSync(target)) return true;
      if (anchor === undefined) return false;
      return !statSync(target).isFile() || !anchorsOf(readFileSync(target, 'utf8')).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it('every page of docs/ is in its index', () => {
  const index = readFileSync(path.join(repository, 'docs/README.md'), 'utf8');
  const missing = pages
    .filter((page) => /^docs\/[^/]+\.md$/.test(page) && page !== 'docs/README.md')
    .filter((page) => !index.includes(`(${path.basename(page)})`));
  expect(missing).toEqual([]);
});
