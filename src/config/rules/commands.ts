import { errorDiagnostic } from '../../diagnostics/diagnostic.ts';
import { nearestName } from '../../diagnostics/nearest-name.ts';
import { quoted } from '../../diagnostics/quoted.ts';
import { entriesAt, type Rule } from './rule.ts';

const commandKeys = ['command', 'local_command', 'remote_command'] as const;

/** A model has a command for local runs and one for remote runs. */
export const everyModelHasACommand: Rule = ({ launch }) =>
  entriesAt(launch, ['model']).flatMap(([name, { key, node }]) => {
    if (launch === undefined || node.kind !== 'map') return [];
    const has = (each: (typeof commandKeys)[number]) => node.entries.has(each);
    if (has('command') || (has('local_command') && has('remote_command'))) return [];
    // A misspelt "command" has been told.
    const known = new Set<string>(commandKeys);
    if ([...node.entries.keys()].some((each) => !known.has(each) && nearestName(each, commandKeys)))
      return [];
    const half = has('local_command') ? 'remote' : has('remote_command') ? 'local' : undefined;
    return errorDiagnostic(
      'CONFIG_MISSING_KEY',
      `model ${quoted(name)} has no command${half === undefined ? '' : ` for ${half} runs`}`,
      {
        location: { file: launch.file, ...key },
        hint:
          half === undefined
            ? 'add "command: …" below it'
            : `add "${half}_command: …", or write one "command: …" for both`,
      },
    );
  });
