/** What becomes of the bodies of a list whose worker is ended with one of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dispatcher } from '../../src/ingest/dispatch.js';
import type { Pool, Slot } from '../../src/ingest/pool.js';
import { Stalled } from '../../src/ingest/stall.js';
import type { BodyTask, ParseResult } from '../../src/worker/protocol.js';

/** A pool of one slot, whose tasks a test ends. */
class Bench {
  readonly lists: number[][] = [];
  readonly #slot = { number: 0, busy: false } as Slot;
  #end: { resolve: (result: ParseResult) => void; reject: (error: Error) => void } | undefined;
  readonly dispatcher = new Dispatcher({
    idleSlot: () => (this.#slot.busy ? undefined : this.#slot),
    parse: (slot: Slot, list: readonly BodyTask[]) => {
      slot.busy = true;
      this.lists.push(list.map(({ bytes }) => bytes));
      return new Promise<ParseResult>((resolve, reject) => {
        this.#end = { resolve, reject };
      }).finally(() => (slot.busy = false));
    },
  } as unknown as Pool);
  /** By number of the body. */
  readonly ends: string[] = [];

  /** Has body `number` parsed. */
  parse(number: number, options: { alone?: boolean; replay?: boolean; isOver?: () => boolean } = {}): void {
    const task = { bytes: number, ...(options.replay ? { replay: {} } : {}) } as BodyTask;
    this.dispatcher.parse(task, options.alone, options.isOver).then(
      () => this.ends.push(`${number} parsed`),
      (error: Error) => this.ends.push(`${number} ${error.name}`),
    );
  }

  async done(): Promise<void> {
    this.#end!.resolve({ slot: 0, outcomes: this.lists.at(-1)!.map(() => ({ state: 'bad', problem: 'gzip', detail: '' })) });
    await new Promise(setImmediate);
  }

  async fail(error: Error): Promise<void> {
    this.#end!.reject(error);
    await new Promise(setImmediate);
  }
}

test('the body to blame fails, the others go out again in their order, before what came since', async () => {
  const bench = new Bench();
  bench.parse(1);
  for (const number of [2, 3, 4]) bench.parse(number);
  bench.parse(5, { replay: true });
  await bench.done();
  for (const number of [6, 7]) bench.parse(number);
  await bench.fail(new Stalled(1, 1000));
  assert.deepEqual(bench.lists, [[1], [2, 3, 4, 5], [2, 4, 6, 7, 5]]);
  await bench.done();
  assert.deepEqual(bench.ends, ['1 parsed', '3 Stalled', '2 parsed', '4 parsed', '6 parsed', '7 parsed', '5 parsed']);
});

test('a body whose time is over before it is parsed is not parsed', async () => {
  const bench = new Bench();
  bench.parse(1);
  for (const number of [2, 3]) bench.parse(number, { isOver: () => true });
  bench.parse(4, { isOver: () => true, alone: true });
  await bench.done();
  assert.deepEqual(bench.ends, ['1 parsed', '4 Error', '2 Error', '3 Error']);
  bench.parse(5);
  assert.deepEqual(bench.lists, [[1], [5]]);
});

test('one that was in a list with one to blame is not parsed again when its time is over', async () => {
  const bench = new Bench();
  let isOver = false;
  bench.parse(1);
  bench.parse(2, { isOver: () => isOver });
  bench.parse(3);
  bench.parse(4);
  await bench.done();
  isOver = true;
  await bench.fail(new Stalled(2, 1000));
  assert.deepEqual(bench.lists, [[1], [2, 3, 4], [3]]);
  assert.deepEqual(bench.ends, ['1 parsed', '4 Stalled', '2 Error']);
});

test('when none is to blame all fail', async () => {
  for (const error of [new Stalled(null, 1000), new Error('the worker died')]) {
    const bench = new Bench();
    bench.parse(1);
    bench.parse(2);
    bench.parse(3);
    await bench.done();
    await bench.fail(error);
    assert.deepEqual(bench.ends, ['1 parsed', `2 ${error.name}`, `3 ${error.name}`]);
    assert.equal(bench.lists.length, 2);
  }
});
