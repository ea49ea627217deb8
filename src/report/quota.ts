import type { Quota } from '../executors/kubernetes/objects.ts';
import { parseQuantity } from '../render/legal-values.ts';

/** One bound of a quota. Numbers are GPUs, cores, bytes or objects. */
export interface QuotaRow {
  readonly quota: string;
  /** As Kubernetes names it: `requests.nvidia.com/gpu`. */
  readonly resource: string;
  readonly used: number;
  readonly hard: number;
  /** Never below 0: a quota may be lowered under what is in use. */
  readonly left: number;
}

/** The bounds of a quota, GPUs first, then cores, memory and the rest. */
export function readQuota({ metadata, status }: Quota): readonly QuotaRow[] {
  return Object.entries(status?.hard ?? {})
    .map(([resource, text]) => {
      const hard = parseQuantity(text) ?? 0;
      const used = parseQuantity(status?.used?.[resource] ?? '0') ?? 0;
      return { quota: metadata.name, resource, used, hard, left: Math.max(0, hard - used) };
    })
    .sort((a, b) => rank(a.resource) - rank(b.resource) || (a.resource < b.resource ? -1 : 1));
}

export function formatQuotaRows(rows: readonly QuotaRow[]): readonly (readonly string[])[] {
  const several = new Set(rows.map(({ quota }) => quota)).size > 1;
  const head = ['RESOURCE', 'USED', 'OF', 'LEFT', ...(several ? ['QUOTA'] : [])];
  return [
    head,
    ...rows.map(({ quota, resource, used, hard, left }) => [
      describeResource(resource),
      ...[used, hard, left].map((amount) => formatAmount(resource, amount)),
      ...(several ? [quota] : []),
    ]),
  ];
}

const order = [/gpu|nvidia\.com|amd\.com/, /(^|\.)cpu$/, /(^|\.)memory$/, /storage/];

function rank(resource: string): number {
  const index = order.findIndex((pattern) => pattern.test(resource));
  return index === -1 ? order.length : index;
}

/** `requests.nvidia.com/gpu` → `gpu`, `limits.cpu` → `cpu limits`. */
function describeResource(resource: string): string {
  const [, kind, name = resource] = /^(requests|limits)\.(.+)$/.exec(resource) ?? [];
  const short = name.replace(/^nvidia\.com\//, '');
  return kind === 'limits' ? `${short} limits` : short;
}

function formatAmount(resource: string, amount: number): string {
  if (!/memory|storage/.test(resource)) return String(Math.round(amount * 1000) / 1000);
  return `${Math.round((amount / 1024 ** 3) * 10) / 10} GiB`;
}
