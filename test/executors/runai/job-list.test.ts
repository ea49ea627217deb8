import { expect, test } from 'vitest';
import { classifyStatus, parseJobList } from '../../../src/executors/runai/job-list.ts';

test.each([
  ['Succeeded', 'succeeded'],
  ['Completed', 'succeeded'],
  ['Running', 'running'],
  ['Pending', 'pending'],
  ['ImagePullBackOff', 'pending'],
  ['Failed', 'failed'],
  ['Error', 'failed'],
  ['OOMKilled', 'failed'],
  ['DeadlineExceeded', 'timeout'],
  ['Suspended', 'suspended'],
  // None of these is an end: a training workload goes on elsewhere, or again.
  ['Preempted', 'pending'],
  ['Evicted', 'pending'],
  ['Terminating', 'pending'],
  ['CrashLoopBackOff', 'running'],
  ['Unknown', 'running'],
  ['SomethingNew', 'pending'],
])('%s is %s', (status, state) => {
  expect(classifyStatus(status).state).toBe(state);
});

test('the listing is read below its titles, whatever stands above', () => {
  const table =
    'Showing jobs for project lab\n\nNAME   STATUS   AGE\na-1    Running  5m\nb      Failed   1d\n';
  expect(parseJobList(table)).toEqual([
    { name: 'a-1', status: 'Running' },
    { name: 'b', status: 'Failed' },
  ]);
});
