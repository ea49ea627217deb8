import { defineCommand } from './command.ts';
import { transferFlags } from './data/data-flags.ts';
import { runTransfer } from './data/run-transfer.ts';

export const command = defineCommand({
  name: 'download',
  flags: transferFlags,
  example: 'make download file=data/',
  run: async (options, context) => await runTransfer('download', options, context),
});
