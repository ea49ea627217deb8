import type { RunRecord } from './run-record.ts';

const states: readonly RunRecord['state'][] = [
  'pending',
  'suspended',
  'running',
  'succeeded',
  'failed',
  'timeout',
  'interrupted',
];

/** Reads `record.json`: the record, or what is wrong with it. The folder's name must be the record's. */
export function parseRunRecord(text: string, name: string): RunRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.trim() === '' ? 'the file is empty' : 'not JSON';
  }
  if (!isObject(value)) return 'not a JSON object';
  if (value['version'] !== 1) return `version ${JSON.stringify(value['version'])} is not 1`;
  if (value['name'] !== name) return `it is the record of ${JSON.stringify(value['name'])}`;
  if (!states.includes(value['state'] as RunRecord['state'])) return 'no known state';
  if (!Number.isSafeInteger(value['attempt']) || Number(value['attempt']) < 1) return 'no attempt number';
  const fingerprint = value['fingerprint'];
  if (!isObject(fingerprint) || typeof fingerprint['hash'] !== 'string' || !isObject(fingerprint['parts']))
    return 'no fingerprint';
  for (const key of ['model', 'dataset', 'command', 'executor', 'host', 'startedAt', 'log']) {
    if (typeof value[key] !== 'string') return `no ${key}`;
  }
  if (!isObject(value['hparam'])) return 'no hyperparameters';
  return value as unknown as RunRecord;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
