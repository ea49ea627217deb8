import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { findObjects } from '../stores/find-objects.ts';
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
      const objects = await findObjects(store, selection, context.signal);
      // One write: a search may find a million keys.
      const lines = objects.map((object) => (options.json ? JSON.stringify(object) : printable(object.key)));
      if (lines.length > 0) context.stdout.write(`${lines.join('\n')}\n`);
      return ExitCode.ok;
    } finally {
      store.close();
    }
  },
});
