import type { Config } from '../config/config.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { applyPolicy } from '../policy/apply-policy.ts';
import type { CommandTemplate } from './compile-command.ts';
import type { CompiledFields } from './compile-fields.ts';
import { findField } from './layers.ts';
import type { NamedPair } from './name.ts';

/** What the cluster's policy says against a pair's trials: each value of a field once, and the command. */
export function checkPolicy(
  config: Config,
  pair: NamedPair,
  { numbers }: Pick<CompiledFields, 'numbers'>,
  { template, path }: CommandTemplate,
): readonly Diagnostic[] {
  const { policy } = config;
  if (policy === undefined) return [];
  const locate = (what: string) => {
    if (what === 'command') return config.locate('launch', path);
    const axis = pair.axes.find((each) => each.keys.includes(what));
    if (axis !== undefined) return config.locate('launch', axis.path);
    const field = findField(config, pair, what);
    return (
      field &&
      config.locate(field.layer === 'kube' || field.layer === 'policy' ? 'kube' : 'launch', field.path)
    );
  };
  const command = template.map((part) => (typeof part === 'string' ? part : '<>')).join('');
  const found = [...applyPolicy(policy, { kind: 'job', fields: {}, command }, locate).diagnostics];
  for (const name of ['startup_script', 'extra_startup_script']) {
    const script = findField(config, pair, name)?.value;
    if (typeof script !== 'string') continue;
    const locateScript = () => locate(name);
    found.push(
      ...applyPolicy(policy, { kind: 'job', fields: {}, command: script }, locateScript).diagnostics,
    );
  }
  for (const [name, values] of numbers)
    for (const value of values)
      found.push(
        ...applyPolicy(policy, { kind: 'job', fields: { [name]: value }, command: '' }, locate).diagnostics,
      );
  return found;
}
