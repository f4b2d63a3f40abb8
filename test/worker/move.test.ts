/** Memtables moved into a fresh instance are as they were: rows, dictionaries, what later bodies come to, and files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { ruleFlags } from '../../src/schema-rules.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { PendingRows } from '../../src/worker/pending-rows.js';
import type { TableDefinition } from '../../src/model/schema.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import { TABLE_FLUSHED_TO, TABLE_SET_ASIDE } from '../../assembly/layout/table.js';
import { Move } from '../../src/worker/wasm/move.js';
import { randomCase } from '../fuzz/cases.js';
import { Random } from '../fuzz/random.js';
import { DATABASE, ParserSession } from './parser-session.js';
import { MemoryStore } from './flushed-file.js';
import { takenOut } from './taken-out.js';

const SEED = Number(process.env['SLUICE_SEED'] ?? 7);
const ROUNDS = 60;

/** Sessions that get the same bodies and lose the same rows. */
class Twins {
  readonly sessions = [new ParserSession()];
  readonly pending = new PendingRows(new SharedArrayBuffer(8), () => undefined);
  seq = 0;

  /** Some bodies, and between them rows that leave. */
  live(random: Random): void {
    for (let i = 1 + random.below(3); i > 0; i--) {
      for (const { body, acceptPartial, rules } of randomCase(random, DATABASE)) {
        const flags = (acceptPartial ? 0 : abi.PARSE_ALL_OR_NOTHING) | (rules === undefined ? 0 : ruleFlags(rules));
        const [parsed, ...others] = this.sessions.map((session) => session.write(body, { flags }));
        for (const other of others) assert.deepEqual(other, parsed);
        this.seq += 1;
        if (parsed!.status === abi.PARSE_ACCEPTED) this.pending.addReplayed(parsed!.spans, this.seq);
      }
      if (random.chance(0.5)) this.flush(random, this.seq - random.below(3));
    }
  }

  /** Rows of some tables leave, up to a number. */
  flush(random: Random, seq: number): void {
    for (const { id } of this.sessions[0]!.tables().filter(() => random.chance(0.6))) {
      const ranges = takenOut(this.pending, id, seq);
      for (const { parser } of this.sessions) parser.removeRows(id, ranges);
    }
  }

  alike(): void {
    const [first, ...others] = this.sessions.map((session) => session.dump());
    for (const other of others) assert.deepEqual(other, first);
  }

  files(table: TableDefinition): Promise<Buffer[]> {
    return Promise.all(this.sessions.map(async ({ parser }) => {
      const store = new MemoryStore();
      const order = { tableId: table.id, seq: this.seq, path: 'file', columns: table.columns };
      const flushed = await writeParquetFile(parser, store as unknown as TableStore, order, () => this.pending.upTo(table.id, this.seq));
      return flushed === null ? Buffer.alloc(0) : store.files.get('file')!;
    }));
  }
}

test('bodies, flushes and files after a move are what they would have been without it', async () => {
  let flushed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const random = new Random(SEED + round);
    const twins = new Twins();
    for (let moves = 1 + random.below(2); moves > 0; moves--) {
      twins.live(random);
      const newest = twins.sessions.at(-1)!;
      for (const { parser } of twins.sessions) parser.freeSpare();
      twins.sessions.push(newest.moved());
      twins.alike();
      twins.live(random);
      twins.alike();
    }
    for (const table of twins.sessions[0]!.tables()) {
      const [file, ...others] = await twins.files(table);
      for (const other of others) assert.ok(other.equals(file!), `seed ${random.seed}: another file of ${table.measurement}`);
      flushed += file!.length > 0 ? 1 : 0;
    }
  }
  assert.ok(flushed > ROUNDS, `${flushed} files`);
});

for (const [created, flushedTo] of [[5, 7], [7, 5]] as const) test(`a table created by ${created} and flushed to ${flushedTo} stays so, and keeps its ids`, () => {
  const session = new ParserSession();
  session.parser.define({
    id: 1000, databaseId: DATABASE, measurement: 'e\u{feff} é', created, flushedTo,
    columns: [{ id: 70, kind: abi.KIND_TAG, key: '\u{feff}t' }, { id: 90, kind: abi.KIND_I64, key: 'k'.repeat(60) }],
  });
  const moved = session.moved();
  for (const { parser } of [session, moved]) {
    assert.equal(parser.exports.tableAt(999), 0);
    const body = Buffer.from(`e\u{feff}\\ é,\u{feff}t=a ${'k'.repeat(60)}=1i 1`);
    const replayed = [4, 5, 6, 7, 8, 9].map((replaySeq) => {
      parser.inputView(body.length).set(body);
      const { spans } = parser.parse({
        databaseId: DATABASE, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 0n, flags: abi.PARSE_REPLAY, linesMax: 1, replaySeq,
      });
      return spans.length;
    });
    assert.deepEqual(replayed, [4, 5, 6, 7, 8, 9].map((seq) => Number(seq >= created && seq > flushedTo)));
  }
  const dumps = [session, moved].map((each) => each.dumpOf({
    id: 1000, databaseId: DATABASE, measurement: 'e', created, flushedTo,
    columns: [{ id: 70, kind: abi.KIND_TAG, key: 't', name: 't' }, { id: 90, kind: abi.KIND_I64, key: 'k', name: 'k' }],
  }));
  assert.deepEqual(dumps[1], dumps[0]);
});

/** What a memtable knows of its table besides columns. */
function headOf({ parser }: ParserSession, id: number): unknown {
  const view = new DataView(parser.memory.buffer);
  const table = parser.exports.tableAt(id) >>> 0;
  return table === 0 ? 'none' : [view.getFloat64(table + TABLE_FLUSHED_TO, true), view.getUint32(table + TABLE_SET_ASIDE, true)];
}

test('[issue 13 A1] tables that come, grow, go, are flushed and set aside while a fresh instance is told of them in steps', () => {
  for (let round = 0; round < 20; round += 1) {
    const random = new Random(SEED + round);
    const session = new ParserSession();
    for (let n = 0; n < 60; n += 1) session.write(`m${n},t=a${n} ${Array.from({ length: 1 + random.below(40) }, (_, i) => `f${i}=1`).join()} ${n}`);
    const dropped = new Set<number>();
    const sliced = new ParserSession();
    const move = new Move(session.parser, sliced.parser);
    const change = (): void => {
      const name = `m${random.below(80)}`;
      const isNew = !session.tables().some(({ id, measurement }) => measurement === name && !dropped.has(id));
      if (isNew && session.tables().some(({ measurement }) => measurement === name)) return; // dropped: the session knows one of a name
      session.write(`${name},t=b,u${random.below(3)}=c f${random.below(60)}=2 ${random.below(100)}`);
      const { id } = session.table(name);
      move.noteChanged(id);
      const what = random.below(6);
      if (what === 0) session.parser.setFlushedTo(id, 10 + random.below(10));
      if (what === 1) session.parser.setAside(id, true);
      if (what === 2) session.parser.setAside(id, false);
      if (what === 3) {
        session.parser.drop(id);
        dropped.add(id);
      }
    };
    let steps = 1;
    for (; !move.step(20); steps += 1) if (random.chance(0.8)) change();
    for (let n = 0; n < 5; n += 1) change();
    while (!move.step(20)) steps += 1;
    move.finish();
    assert.ok(steps > 30, `${steps} steps`);
    for (const table of session.tables()) {
      assert.deepEqual(headOf(sliced, table.id), headOf(session, table.id), `seed ${random.seed}, ${table.measurement}`);
      if (!dropped.has(table.id)) assert.deepEqual(sliced.dumpOf(table), session.dumpOf(table), `seed ${random.seed}, ${table.measurement}`);
    }
  }
});
