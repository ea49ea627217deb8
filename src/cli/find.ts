import { drained } from '../drained.ts';
import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { findPages } from '../stores/find-objects.ts';
import { printable } from '../stores/safe-key.ts';
import { defineCommand } from './command.ts';
import { selectFlags } from './data/data-flags.ts';
import { select } from './data/select.ts';
import { valueOrAsk } from './prompt.ts';

export const command = defineCommand({
  name: 'find',
  flags: selectFlags,
  example: "make find file='data/*.csv'",
  async run(options, context) {
    const file = await valueOrAsk(options.file, 'file', 'What to find (a key or pattern): ', context);
    const selection = select(file, options, context);
    const { store } = await openBucket(context);
    try {
      // One write a page: a search may find a million keys, and as many writes or all of them in memory would be slow.
      for await (const page of findPages(store, selection, context.signal)) {
        const lines = page.map((object) =>
          options.json ? JSON.stringify({ type: 'object', ...object }) : printable(object.key),
        );
        const taken = lines.length === 0 || context.stdout.write(`${lines.join('\n')}\n`);
        if (!taken) await drained(context.stdout, context.signal);
        context.signal.throwIfAborted();
      }
      return ExitCode.ok;
    } finally {
      store.close();
    }
  },
});
