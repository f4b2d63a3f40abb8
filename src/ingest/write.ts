/** The way of a write, top to bottom: database → parse (and decide what is new) → log → outcome. */
import type { Catalog, Database } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import { SluiceError, type ErrorCode } from '../errors.js';
import type { FrameHeader } from '../log/frame.js';
import type { Appended, Log } from '../log/log.js';
import { ruleFlags } from '../schema-rules.js';
import { GIVEN_UP, type AcceptedBody, type BodyTask, type RefusedBody } from '../worker/protocol.js';
import type { BodyMemory } from './body-memory.js';
import type { Dispatcher, Parsed } from './dispatch.js';
import type { Slot } from './pool.js';
import { truncateTime } from './precision.js';
import type { Body, WriteOutcome, WriteRequest, Writer } from './request.js';

/** Each round adds a table or column, or ends; more rounds than this mean a broken invariant. */
const ROUNDS_MAX = 64;

interface WriteParts {
  readonly catalog: Catalog;
  readonly dispatcher: Dispatcher;
  readonly log: Log;
  readonly bodyMemory: BodyMemory;
  readonly clock: Clock;
  /** Nothing is answered later: clients give up at 5 s and send again. */
  readonly answerMsMax: number;
  /** Why no write may be taken now, or null. */
  readonly refuse: () => { code: ErrorCode; detail: string } | null;
  /** A frame was appended: the rows of its body wait in the builders of a slot. */
  readonly onAppended: (slot: Slot, body: AcceptedBody, appended: Appended) => void;
  /** A body that was parsed has ended: its accepted lines are stored, or none. */
  readonly onEnd: (database: Database, body: AcceptedBody | RefusedBody, isStored: boolean) => void;
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
      const deadline = this.#parts.clock.after(this.#parts.answerMsMax - waitedMs, () => {
        resolve(failed('too-slow', `not on disk after ${this.#parts.answerMsMax} ms`));
      });
      this.#inFlight += 1;
      void this.#store(request, body)
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

  async #store(request: WriteRequest, body: Body): Promise<WriteOutcome> {
    const { catalog, clock, refuse } = this.#parts;
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
      acceptPartial: request.acceptPartial,
      rules: ruleFlags(database),
    };
    const parsed = await this.#parse(task);
    const { outcome } = parsed;
    switch (outcome.state) {
      case 'bad':
        return failed(outcome.problem === 'gzip' ? 'bad-gzip' : outcome.problem, outcome.detail);
      case 'refused':
        this.#parts.onEnd(database, outcome, false);
        return partial(outcome, false);
      case 'accepted':
        await this.#keep(request, task, body, database, parsed, outcome);
        if (outcome.rejected === 0) return { kind: 'stored' };
        return partial(outcome, true);
      case 'needs':
        throw new Error(`after ${ROUNDS_MAX} rounds the body still needs ${outcome.needs.length} tables or columns`);
    }
  }

  /** Parses, and where accepted lines need new tables or columns, has main decide them and parses again. */
  async #parse(task: BodyTask): Promise<Parsed> {
    for (let round = 1; ; round += 1) {
      const parsed = await this.#parts.dispatcher.parse(task).catch((error: Error) => {
        throw new SluiceError('worker-died', error.message);
      });
      if (parsed.outcome.state !== 'needs' || round === ROUNDS_MAX) return parsed;
      await this.#parts.catalog.decide(task.databaseId, parsed.outcome.needs, task.rules);
    }
  }

  /** Stores what was accepted, if anything was. */
  async #keep(request: WriteRequest, task: BodyTask, body: Body, database: Database, parsed: Parsed, outcome: AcceptedBody): Promise<void> {
    let isStored = false;
    try {
      if (outcome.ordinal > 0) await this.#log(request, task, body, database, parsed, outcome);
      isStored = true;
    } finally {
      this.#parts.onEnd(database, outcome, isStored);
    }
  }

  /** Appends the frame, gives its rows their number, and waits until it is on disk. */
  async #log(request: WriteRequest, task: BodyTask, body: Body, database: Database, parsed: Parsed, outcome: AcceptedBody): Promise<void> {
    const { bodyMemory, catalog, log, onAppended } = this.#parts;
    const { slot } = parsed;
    if (outcome.ordinal < slot.cutBelow) {
      slot.refusedTo = outcome.ordinal;
      throw new SluiceError('log-failed', 'a write to the log failed just before');
    }
    let appended: Appended;
    try {
      if (catalog.database(database.name)?.id !== database.id) throw new SluiceError('database-dropped', database.name);
      appended = log.appendFrame(frameHeader(task, parsed, outcome), body.bytes, (target) => bodyMemory.copyTo(body, target));
    } catch (error) {
      slot.giveNumber(outcome.ordinal, GIVEN_UP);
      throw error;
    }
    slot.giveNumber(outcome.ordinal, appended.number);
    onAppended(slot, outcome, appended);
    await (request.noSync ? appended.written : appended.synced);
  }

  #ended(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function frameHeader(task: BodyTask, { slot }: Parsed, outcome: AcceptedBody): FrameHeader {
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

function partial({ accepted, rejected, errors, rejectedRuns, refused }: AcceptedBody | RefusedBody, stored: boolean): WriteOutcome {
  return { kind: 'partial', stored, accepted, rejected, errors, rejectedRuns, refused };
}

function failed(code: ErrorCode, detail: string): WriteOutcome {
  return { kind: 'failed', code, detail };
}

function failure(error: Error): WriteOutcome {
  if (error instanceof SluiceError) return failed(error.code, error.detail);
  return failed('internal', error.message);
}
