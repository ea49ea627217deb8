import { expect, it } from 'vitest';
import { RequestGate } from '../../src/stores/request-gate.ts';

it('lets no more in than its limit, in the order of asking', async () => {
  const gate = new RequestGate(2);
  const entered: number[] = [];
  const all = [0, 1, 2, 3].map(async (index) => {
    await gate.enter();
    entered.push(index);
  });
  await Promise.all(all.slice(0, 2));
  expect(entered).toEqual([0, 1]);
  gate.leave();
  await all[2];
  gate.leave();
  await all[3];
  expect(entered).toEqual([0, 1, 2, 3]);
});

it('halves when asked to slow down, and grows by one a round that goes well', async () => {
  const gate = new RequestGate(8);
  for (let index = 0; index < 8; index++) await gate.enter();
  gate.slowDown(0);
  expect(gate.limit).toBe(4);
  for (let index = 0; index < 7; index++) gate.slowDown(0);
  expect(gate.limit, 'what comes of the same overload tells nothing new').toBe(4);
  gate.slowDown(1);
  gate.slowDown(2);
  gate.slowDown(3);
  expect(gate.limit).toBe(1);
  gate.wentWell();
  expect(gate.limit).toBe(2);
  gate.wentWell();
  gate.wentWell();
  expect(gate.limit).toBe(3);
  for (let index = 0; index < 100; index++) gate.wentWell();
  expect(gate.limit).toBe(8);
});

it('keeps to a lower limit before it lets the next in', async () => {
  const gate = new RequestGate(4);
  for (let index = 0; index < 4; index++) await gate.enter();
  gate.slowDown(0);
  let entered = false;
  const next = gate.enter().then(() => {
    entered = true;
  });
  gate.leave();
  gate.leave();
  await Promise.resolve();
  expect(entered).toBe(false);
  gate.leave();
  await next;
  expect(entered).toBe(true);
});
