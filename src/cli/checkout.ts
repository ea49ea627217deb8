import { ExitCode } from '../exit-code.ts';
import { defineCommand } from './command.ts';

export const command = defineCommand({
  name: 'checkout',
  flags: {
    run: { kind: 'string', summary: 'name of the run', value: 'NAME', required: true },
    to: { kind: 'string', summary: 'folder to make; default: .toolbox/checkout/NAME', value: 'FOLDER' },
  },
  example: 'make checkout run=jdoe-example-vit-cifar10',
  async run(options, context) {
    const { checkOut } = await import('../container/check-out.ts');
    const { folder, code, files } = await checkOut(options.run, options.to, context, async (run) => {
      const { codeOfJob } = await import('./cluster/code-of-job.ts');
      return await codeOfJob(run, context);
    });
    if (options.json)
      context.stdout.write(`${JSON.stringify({ type: 'checkout', run: options.run, folder, code })}\n`);
    else {
      context.stderr.write(`${options.run} ran ${code}${files === undefined ? '' : `, ${files} files`}\n`);
      context.stdout.write(`${folder}\n`);
    }
    return ExitCode.ok;
  },
});
