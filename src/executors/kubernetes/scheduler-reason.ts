import type { Pod } from './objects.ts';
import { oneLine } from './phase.ts';

/**
 * The scheduler's verdict on a pod that does not fit, in one sentence: `no node has 8 free nvidia.com/gpu`. The
 * scheduler writes `0/9 nodes are available: 4 Insufficient cpu, 5 node(s) had untolerated taint {k: v}. …`;
 * what follows the first full stop is about preemption and helps nobody.
 */
export function describeUnschedulable(message: string, pod: Pod): string {
  const [, list] = /^\d+\/\d+ nodes are available: (.*)$/s.exec(message) ?? [];
  // Not the scheduler's usual form, such as a queue's own words: as it is, without what may follow.
  if (list === undefined) return firstSentence(message);
  const causes = splitCauses(firstSentence(list), pod);
  if (causes.length === 0) return 'the cluster has no nodes that could run it';
  const insufficient = causes.filter((cause) => cause.resource !== undefined);
  if (insufficient.length === causes.length) {
    const needs = insufficient.map(({ resource = '' }) => `${requestOf(pod, resource)} free ${resource}`);
    return `no node has ${join(needs, 'and')}`;
  }
  const [only] = causes;
  if (causes.length === 1 && only !== undefined) return `no node fits: ${only.text}`;
  return `no node fits: ${join(
    causes.map((cause) =>
      cause.resource === undefined
        ? `${count(cause.nodes)} ${cause.text}`
        : `${count(cause.nodes)} without ${requestOf(pod, cause.resource)} free ${cause.resource}`,
    ),
    'and',
  )}`;
}

interface Cause {
  readonly nodes: number | undefined;
  /** Set for `Insufficient RESOURCE`. */
  readonly resource?: string;
  readonly text: string;
}

function splitCauses(list: string, pod: Pod): Cause[] {
  return list
    .split(/, (?=\d+ )|; /)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const [, nodes, rest = text] = /^(\d+) (.*)$/s.exec(text) ?? [];
      const resource = /^Insufficient (\S+)$/.exec(rest)?.[1];
      return {
        nodes: nodes === undefined ? undefined : Number(nodes),
        ...(resource === undefined ? {} : { resource }),
        text: plain(rest, pod),
      };
    });
}

/** The scheduler's fixed phrases as one would say them; others stay as they are. */
function plain(phrase: string, pod: Pod): string {
  // Newer ones do not say which.
  const taint = /^node\(s\) had (?:untolerated )?taint(?:\(s\))?(?: \{([^}:]+)[^}]*\})?/.exec(phrase);
  if (taint !== null)
    return taint[1] === undefined
      ? "tainted (add the taint's key to tolerations)"
      : `tainted "${taint[1]}" (add it to tolerations)`;
  const phrases: readonly (readonly [RegExp, string])[] = [
    [/^node\(s\) didn't match Pod's node affinity(?:\/selector)?/, `not matching ${describePlacement(pod)}`],
    [/^node\(s\) were unschedulable/, 'closed for maintenance'],
    [/^node\(s\) had volume node affinity conflict/, 'out of reach of the volume'],
    [/^node\(s\) didn't find available persistent volumes to bind/, 'without a volume for the claim'],
    [/^node\(s\) didn't have free ports/, 'with the port taken'],
    [/^Too many pods/, 'full of pods'],
    [/^pod has unbound immediate PersistentVolumeClaims/, 'a volume claim is not bound to a volume yet'],
    [/^persistentvolumeclaim "([^"]+)" not found/, 'the volume claim "$1" does not exist'],
  ];
  for (const [pattern, words] of phrases) if (pattern.test(phrase)) return phrase.replace(pattern, words);
  return phrase.replace(/^node\(s\) /, '');
}

/** The labels that the pod asks of a node. */
function describePlacement({ spec }: Pod): string {
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const asked = [
    ...Object.entries(spec?.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(terms ?? []).flatMap(({ matchExpressions = [] }) =>
      matchExpressions.map(({ key, operator, values = [] }) =>
        operator === 'In'
          ? `${key}=${values.join('|')}`
          : `${key} ${operator.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()} ${values.join('|')}`.trim(),
      ),
    ),
  ];
  return asked.length === 0
    ? 'the GPU or host lists or node_selector'
    : `the GPU or host lists or node_selector (${oneLine(asked.join(', '))})`;
}

function firstSentence(text: string): string {
  // A full stop inside a name (`nvidia.com/gpu`, `0.5`) is not followed by a space.
  return (/^(.*?)\.(?:\s|$)/s.exec(text)?.[1] ?? text).trim();
}

function requestOf(pod: Pod, resource: string): string {
  const side = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const amounts = [...(pod.spec?.containers ?? []), ...side]
    .map(({ resources }) => resources?.requests?.[resource] ?? resources?.limits?.[resource])
    .filter((amount) => amount !== undefined)
    .map(String);
  if (amounts.length === 0) return 'enough';
  const sum = sumOf(amounts);
  return amounts.length === 1 || sum === undefined ? amounts.join(' + ') : `${sum} (${amounts.join(' + ')})`;
}

/** `undefined` where their units differ. */
function sumOf(amounts: readonly string[]): string | undefined {
  const parts = amounts.map((amount) => /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(amount));
  const unit = parts[0]?.[2];
  if (parts.some((part) => part === null || part[2] !== unit)) return undefined;
  const sum = parts.reduce((total, part) => total + Number(part?.[1]), 0);
  return `${Number(sum.toFixed(3))}${unit}`;
}

function count(nodes: number | undefined): string {
  return nodes === undefined ? '' : String(nodes);
}

function join(parts: readonly string[], word: string): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} ${word} ${parts.at(-1)}`;
}
