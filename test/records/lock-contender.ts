import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts';
import { acquireProjectLock } from '../../src/records/project-lock.ts';

// A process that tries to get a lock when told to, says how that went, and keeps it until told to end.
const [root = ''] = process.argv.slice(2);
process.send?.('ready');
process.once('message', () => {
  try {
    const lock = acquireProjectLock(root, { command: 'contender', now: Date.now() });
    process.send?.(lock.takenOverFrom === undefined ? 'taken' : 'taken over');
    process.once('message', () => {
      lock[Symbol.dispose]();
      process.disconnect();
    });
  } catch (error) {
    process.send?.(error instanceof DiagnosticError ? 'refused' : String(error));
    process.once('message', () => process.disconnect());
  }
});
