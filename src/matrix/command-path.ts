import type { Config, ModelEntry } from '../config/config.ts';
import type { Side } from './job-spec.ts';

/** Where the file has a model's command for one side: `command`, `local_command` or `remote_command`. */
export function commandPath(config: Config, model: ModelEntry, side: Side): readonly string[] {
  const ofModel = ['model', model.name];
  const own = [...ofModel, `${side}_command`];
  // `locate` answers with the model's place where there is no such key.
  const isWritten = config.locate('launch', own)?.offset !== config.locate('launch', ofModel)?.offset;
  return isWritten ? own : [...ofModel, 'command'];
}
