import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { formatBytes } from '../report/format-bytes.ts';
import { type Level, listLevel } from '../stores/list-level.ts';
import { printable } from '../stores/safe-key.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'list',
  flags: { file: { kind: 'string', value: 'FOLDER', summary: 'the folder to list; default: the top' } },
  example: 'make list file=data/',
  async run(options, context) {
    const { store } = await openBucket(context);
    try {
      const level = await listLevel(store, options.file ?? '.', {
        root: context.cwd,
        signal: context.signal,
      });
      const lines = options.json
        ? jsonLines(level)
        : context.stdout.isTTY === true
          ? table(level)
          : names(level);
      if (lines.length > 0) context.stdout.write(`${lines.join('\n')}\n`);
      return ExitCode.ok;
    } finally {
      store.close();
    }
  },
});

function jsonLines({ folders, objects }: Level): string[] {
  return [
    ...folders.map((key) => JSON.stringify({ type: 'folder', key })),
    ...objects.map((object) => JSON.stringify({ type: 'object', ...object })),
  ];
}

/** What a script reads: keys alone. */
function names({ folders, objects }: Level): string[] {
  return [...folders, ...objects.map(({ key }) => key)].map(printable);
}

function table({ folders, objects }: Level): string[] {
  const sizes = objects.map(({ size }) => formatBytes(size));
  const width = Math.max(0, ...sizes.map((size) => size.length));
  const blank = ' '.repeat(width + '  2026-01-31 12:34  '.length);
  return [
    ...folders.map((key) => `${blank}${printable(key)}`),
    ...objects.map(({ key, modified }, index) => {
      const date = modified.slice(0, 16).replace('T', ' ');
      return `${(sizes[index] ?? '').padStart(width)}  ${date}  ${printable(key)}`;
    }),
  ];
}
