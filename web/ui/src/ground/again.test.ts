import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { AGAIN_MS, GroundAgain } from './again.ts';
import { SOURCE } from './layers.ts';

test('a ground that failed is asked for again, ever more seldom, until nothing fails', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const told: boolean[] = [];
  let asked = 0;
  const refreshTiles = (source: string): void => {
    assert.equal(source, SOURCE);
    asked += 1;
  };
  const again = new GroundAgain({ refreshTiles, getSource: (() => ({})) as never }, (lost) => told.push(lost));
  assert.equal(again.take('labels'), false);
  assert.equal(again.take(undefined), false);
  mock.timers.tick(AGAIN_MS);
  assert.deepEqual([told, asked], [[], 0]);

  assert.equal(again.take(SOURCE), true);
  again.take(SOURCE);
  mock.timers.tick(AGAIN_MS);
  assert.equal(asked, 1);
  again.take(SOURCE);
  mock.timers.tick(AGAIN_MS);
  assert.equal(asked, 2);
  again.take(SOURCE);
  mock.timers.tick(AGAIN_MS);
  assert.equal(asked, 2, 'the second was in vain');
  mock.timers.tick(AGAIN_MS);
  assert.equal(asked, 3);
  assert.ok(told.every(Boolean));
  mock.timers.tick(4 * AGAIN_MS);
  assert.equal(told.at(-1), false, 'nothing failed since');
  mock.timers.tick(100 * AGAIN_MS);
  assert.equal(asked, 3);

  again.take(SOURCE);
  mock.timers.tick(AGAIN_MS);
  assert.equal(asked, 4, 'as soon as at first');
  again.take(SOURCE);
  again.destroy();
  mock.timers.tick(100 * AGAIN_MS);
  assert.equal(asked, 4, 'the map is gone');
  mock.timers.reset();
});
