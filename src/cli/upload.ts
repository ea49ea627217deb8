import { defineCommand } from './command.ts';
import { transferFlags } from './data/data-flags.ts';
import { runTransfer } from './data/run-transfer.ts';

export const command = defineCommand({
  name: 'upload',
  flags: transferFlags,
  example: 'make upload file=data/',
  run: async (options, context) => await runTransfer('upload', options, context),
});
