import { normalizeFields } from '../config/normalize-fields.ts';
import { parseYaml } from '../config/parse-yaml.ts';
import { locate, type Tree } from '../config/tree.ts';
import { validate } from '../config/validate.ts';
import type { WrittenPolicy } from '../config/written-policy.ts';
import { type Checked, type Diagnostic, errorDiagnostic } from '../diagnostics/diagnostic.ts';
import { hintFor } from '../diagnostics/nearest-name.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { fieldKinds } from '../matrix/field-kinds.ts';
import type { Policy, PolicyRule } from './policy.ts';

/** What a bound may be put on; durations count in seconds. */
const numericFields = Object.entries(fieldKinds)
  .filter(([, kind]) => kind.name === 'number' || kind.name === 'duration')
  .map(([name]) => name);

type WrittenRule = NonNullable<WrittenPolicy['rules']>[number];

/** Parses and checks a policy pack: all problems with their places, or the pack. */
export function readPolicy(file: SourceFile): Checked<Policy> {
  const { tree, diagnostics: ofParsing } = parseYaml(file);
  if (tree === undefined) return { ok: false, diagnostics: ofParsing };
  const { value, diagnostics: ofSchema } = validate(tree, 'policy');
  const written = value as unknown as WrittenPolicy;
  const diagnostics = [...ofParsing, ...ofSchema];
  if (ofSchema.length === 0)
    diagnostics.push(...(written.rules ?? []).flatMap((rule, index) => checkRule(tree, rule, index)));
  if (diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  const policy: Policy = {
    name: written.name,
    defaults: normalizeFields(written.defaults ?? {}),
    regions: new Map(Object.entries(written.regions ?? {})),
    rules: (written.rules ?? []).map(normalizeRule),
  };
  return { ok: true, value: policy, diagnostics };
}

/** A rule is about a field or about commands, and a bound is a bound on something. */
function checkRule(tree: Tree, rule: WrittenRule, index: number): readonly Diagnostic[] {
  const complain = (message: string, hint: string, key?: string) => [
    errorDiagnostic('POLICY_RULE', message, {
      location: locate(tree, ['rules', index, ...(key === undefined ? [] : [key])]),
      hint,
    }),
  ];
  const { field, forbid } = rule;
  if ((field === undefined) === (forbid === undefined)) {
    return complain(
      'a rule has either "field" or "forbid"',
      'write field: NAME with most: or least:, or forbid: PROGRAM',
    );
  }
  if (forbid !== undefined) {
    const key = (['most', 'least', 'action'] as const).find((each) => rule[each] !== undefined);
    return key === undefined
      ? []
      : complain(`"${key}" says nothing about a forbidden program`, `remove ${key}:`, key);
  }
  if (field !== undefined && !numericFields.includes(field)) {
    const message = Object.hasOwn(fieldKinds, field)
      ? `the field "${field}" is not a number`
      : `there is no field "${field}"`;
    return complain(
      message,
      hintFor(field, numericFields) ?? 'bounds are for numbers, such as gpu_count',
      'field',
    );
  }
  if (rule.most === undefined && rule.least === undefined) {
    return complain(`the rule on "${field}" has no bound`, 'add most: or least:');
  }
  return [];
}

function normalizeRule(rule: WrittenRule): PolicyRule {
  const { field, forbid, why } = rule;
  if (forbid !== undefined) return { kind: 'command', forbid, for: rule.for, why };
  return {
    kind: 'field',
    field: field ?? '',
    most: rule.most,
    least: rule.least,
    action: rule.action ?? 'refuse',
    for: rule.for,
    why,
  };
}
