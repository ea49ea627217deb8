import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DiagnosticError, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { ExitCode } from '../exit-code.ts';
import { openBucket } from '../open-bucket.ts';
import { takeLock } from '../stores/process-lock.ts';
import { defineCommand } from './command.ts';
import { DataServer } from './data/data-server.ts';
import { outliveReader } from './data/outlive-reader.ts';
import { markSettings } from './data/settings-marks.ts';

export const command = defineCommand({
  name: 'server',
  flags: {
    port: {
      kind: 'count',
      maximum: 65_535,
      value: 'PORT',
      summary: 'port on 127.0.0.1; default: any that is free',
    },
    idle: {
      kind: 'count',
      // Longer than that no timer runs.
      maximum: 35_000,
      value: 'MINUTES',
      summary: 'end after this long without a request; default 30',
    },
  },
  example: 'make server &',
  async run(options, context) {
    outliveReader(context);
    // Listened to before anything is there that has to be ended well.
    const { signal } = context;
    const { store, sources } = await openBucket(context);
    const token = randomBytes(32).toString('base64url');
    const server = new DataServer({ store, token, context, idle: (options.idle ?? 30) * 60_000 });
    const url = await server.listen(options.port ?? 0);
    const path = join(context.cwd, '.toolbox', 's3', 'server.json');
    const lock = takeLock(path, { url, token, ...markSettings(context.env, sources.dotenv, token) });
    try {
      if ('holder' in lock) {
        const message = `a server of this project runs already, ${lock.holder}`;
        const hint = `kill it to end it; where it runs no more: rm ${path}`;
        throw new DiagnosticError(errorDiagnostic('S3_SERVER_RUNNING', message, { hint }), ExitCode.refused);
      }
      if (options.json) context.stdout.write(`${JSON.stringify({ type: 'listening', url, file: path })}\n`);
      else context.stderr.write(`Serving ${store.name} on ${url}; address and token are in ${path}\n`);
      await server.ended(signal);
      if (!options.json) context.stderr.write('Server ended\n');
      return ExitCode.ok;
    } finally {
      if ('release' in lock) lock.release();
      await server.close();
      store.close();
    }
  },
});
