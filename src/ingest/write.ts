/** The way of a write, top to bottom: database → parse (and decide what is new) → log → outcome. */
import { RULE_GRAMMAR_1 } from '../../assembly/layout/codes.js';
import type { Catalog, Database } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import { SluiceError, type ErrorCode } from '../errors.js';
import type { FrameHeader } from '../log/frame.js';
import type { Appended, Log } from '../log/log.js';
import { ruleFlags } from '../schema-rules.js';
import { GIVEN_UP, type AcceptedBody, type BodyTask, type RefusedBody } from '../worker/protocol.js';
import type { BodyMemory } from './body-memory.js';
import type { Dispatcher, SlotOutcome } from './dispatch.js';
import { truncateTime } from '../model/precision.js';
import type { Body, WriteOutcome, WriteRequest, Writer } from './request.js';
import { Stalled } from './stall.js';
import type { StalledBodies } from './stalled-bodies.js';

/** Each round adds a table or column, or ends; more rounds than this mean a broken invariant. */
const ROUNDS_MAX = 64;
/** A body that found no room for its rows waits so long before each further try: flushes under way make room. */
const NO_ROOM_WAITS_MS: readonly number[] = [50, 200, 600, 1200];

interface WriteParts {
  readonly catalog: Catalog;
  readonly dispatcher: Dispatcher;
  readonly log: Log;
  readonly bodyMemory: BodyMemory;
  readonly stalled: StalledBodies;
  readonly clock: Clock;
  /** Nothing is answered later: clients give up at 5 s and send again. */
  readonly answerMsMax: number;
  /** Nanoseconds since 1970 of the oldest time that a database takes now. */
  readonly keptSince: (database: Database) => bigint;
  /** Why no write may be taken now, or null. */
  readonly refuse: () => { code: ErrorCode; detail: string } | null;
  /** A body found no room for its rows. */
  readonly onNoRoom: () => void;
  /** A frame was appended: the rows of its body wait in memtables. */
  readonly onAppended: (body: AcceptedBody, appended: Appended) => void;
  /** A body that was parsed has ended: its accepted lines are stored, or none. */
  readonly onEnd: (database: Database, body: AcceptedBody | RefusedBody, isStored: boolean) => void;
}

/** A write under way. */
interface Write {
  readonly request: WriteRequest;
  readonly body: Body;
  /** It was answered already: what was not logged by then never is, so that nothing comes after what is sent later. */
  isOver: boolean;
}

export class WritePath implements Writer {
  readonly #parts: WriteParts;
  /** Writes that have not ended. */
  #inFlight = 0;
  #idle: (() => void)[] = [];

  constructor(parts: WriteParts) {
    this.#parts = parts;
  }

  write(request: WriteRequest, body: Body, waitedMs: number): Promise<WriteOutcome> {
    return new Promise((resolve) => {
      const write: Write = { request, body, isOver: false };
      const deadline = this.#parts.clock.after(this.#parts.answerMsMax - waitedMs, () => {
        write.isOver = true;
        resolve(this.#tooSlow());
      });
      this.#inFlight += 1;
      void this.#store(write)
        .catch(failure)
        .then((outcome) => {
          deadline.cancel();
          this.#parts.bodyMemory.free(body.blocks);
          resolve(outcome);
          this.#ended();
        });
    });
  }

  /** Resolves when no write is under way. */
  settled(): Promise<void> {
    return this.#inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #tooSlow(): Extract<WriteOutcome, { kind: 'failed' }> {
    return failed('too-slow', `not on disk after ${this.#parts.answerMsMax} ms`);
  }

  async #store(write: Write): Promise<WriteOutcome> {
    const { catalog, clock, keptSince, refuse } = this.#parts;
    const { request, body } = write;
    const refusal = refuse();
    if (refusal !== null) return failed(refusal.code, refusal.detail);
    const database = catalog.database(request.database) ?? (await catalog.ensureDatabase(request.database));
    const task: BodyTask = {
      blocks: body.blocks,
      bytes: body.bytes,
      encoding: request.encoding,
      databaseId: database.id,
      precision: request.precision,
      defaultTime: truncateTime(clock.nowNs(), request.precision),
      keptSince: keptSince(database),
      acceptPartial: request.acceptPartial,
      // Its frame says so, and is read back by the same rule.
      rules: ruleFlags(database) | (request.infinities === true ? RULE_GRAMMAR_1 : 0),
    };
    const parsed = await this.#parseInRoom(write, task);
    const { outcome } = parsed;
    switch (outcome.state) {
      case 'bad':
        return failed(outcome.problem === 'gzip' ? 'bad-gzip' : outcome.problem, outcome.detail);
      case 'refused':
        this.#parts.onEnd(database, outcome, false);
        return partial(outcome, false);
      case 'accepted':
        await this.#keep(write, task, database, parsed, outcome);
        if (outcome.rejected === 0) return { kind: 'stored' };
        return partial(outcome, true);
      case 'needs':
        throw new Error(`after ${ROUNDS_MAX} rounds the body still needs ${outcome.needs.length} tables or columns`);
    }
  }

  /** Parses, again after a while where there is no room for the rows. */
  async #parseInRoom(write: Write, task: BodyTask): Promise<SlotOutcome> {
    for (const waitMs of NO_ROOM_WAITS_MS) {
      const parsed = await this.#parse(write, task);
      if (!isWithoutRoom(parsed)) return parsed;
      this.#parts.onNoRoom();
      await new Promise<void>((resolve) => this.#parts.clock.after(waitMs, resolve));
    }
    const parsed = await this.#parse(write, task);
    if (isWithoutRoom(parsed)) this.#parts.onNoRoom();
    return parsed;
  }

  /** Parses, and where accepted lines need new tables or columns, has main decide them and parses again. */
  async #parse(write: Write, task: BodyTask): Promise<SlotOutcome> {
    for (let round = 1; ; round += 1) {
      const parsed = await this.#parseOnce(write, task);
      if (parsed.outcome.state !== 'needs' || round === ROUNDS_MAX) return parsed;
      await this.#parts.catalog.decide(task.databaseId, parsed.outcome.needs, task.rules);
    }
  }

  /** A body that a worker did not come back from is tried once more, alone; the second time is the last. */
  async #parseOnce(write: Write, task: BodyTask): Promise<SlotOutcome> {
    const { dispatcher, stalled } = this.#parts;
    const { request, body } = write;
    for (;;) {
      const handling = stalled.handlingOf(request, body);
      if (handling === 'never') throw new SluiceError('took-too-long', 'its lines are not stored; it is not to be sent again');
      if (write.isOver) throw new SluiceError('too-slow', 'its time was over before it was parsed');
      try {
        return await dispatcher.parse(task, handling === 'alone', () => write.isOver);
      } catch (error) {
        if (!(error instanceof Stalled) || error.place === null) throw new SluiceError('worker-died', (error as Error).message);
        stalled.note(request, body, handling === 'alone');
      }
    }
  }

  /** Stores what was accepted, if anything was. */
  async #keep(write: Write, task: BodyTask, database: Database, parsed: SlotOutcome, outcome: AcceptedBody): Promise<void> {
    let isStored = false;
    try {
      if (outcome.ordinal > 0) await this.#log(write, task, database, parsed, outcome);
      isStored = true;
    } finally {
      this.#parts.onEnd(database, outcome, isStored);
    }
  }

  /** Appends the frame, gives its rows their number, and waits until it is on disk. */
  async #log(write: Write, task: BodyTask, database: Database, parsed: SlotOutcome, outcome: AcceptedBody): Promise<void> {
    const { bodyMemory, catalog, log, onAppended } = this.#parts;
    const { request, body } = write;
    const { slot } = parsed;
    if (outcome.ordinal < slot.rolledBackBelow) {
      slot.refusedTo = outcome.ordinal;
      throw new SluiceError('log-failed', 'a write to the log failed just before');
    }
    let appended: Appended;
    try {
      if (write.isOver) throw new SluiceError('too-slow', 'its time was over before it was logged');
      if (catalog.database(database.name)?.id !== database.id) throw new SluiceError('database-dropped', database.name);
      appended = log.appendFrame(frameHeader(task, parsed, outcome), body.bytes, (target) => bodyMemory.copyTo(body, target));
    } catch (error) {
      slot.giveSeq(outcome.ordinal, GIVEN_UP);
      throw error;
    }
    slot.giveSeq(outcome.ordinal, appended.seq);
    onAppended(outcome, appended);
    await (request.noSync ? appended.written : appended.synced);
  }

  #ended(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function frameHeader(task: BodyTask, { slot }: SlotOutcome, outcome: AcceptedBody): FrameHeader {
  return {
    encoding: task.encoding,
    precision: task.precision,
    databaseId: task.databaseId,
    inflatedBytes: outcome.inflatedBytes,
    slot: slot.number,
    ordinal: outcome.ordinal % 2 ** 32, // a u32 in the frame
    defaultTime: task.defaultTime,
    accepted: outcome.accepted,
    rejected: outcome.rejected,
    checksum: outcome.checksum,
    rejectedRuns: outcome.rejectedRuns,
    rules: task.rules,
    tableIds: outcome.rows.map(([tableId]) => tableId),
  };
}

function isWithoutRoom({ outcome }: SlotOutcome): boolean {
  return outcome.state === 'bad' && outcome.problem === 'overloaded';
}

function partial({ accepted, rejected, errors, rejectedRuns, rejectedLines }: AcceptedBody | RefusedBody, stored: boolean): WriteOutcome {
  return { kind: 'partial', stored, accepted, rejected, errors, rejectedRuns, rejectedLines };
}

function failed(code: ErrorCode, detail: string): Extract<WriteOutcome, { kind: 'failed' }> {
  return { kind: 'failed', code, detail };
}

function failure(error: Error): WriteOutcome {
  if (error instanceof SluiceError) return failed(error.code, error.detail);
  return failed('internal', error.message);
}
