/** The worker threads: a Piscina pool whose threads are bound to slots. The only importer of piscina. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../clock.js';
import type { Adoption, BodyTask, FromWorker, ParseResult, ToWorker } from '../worker/protocol.js';
import { FULL_WORKER_BYTES } from './admission.js';
import { GaugeRows } from './gauge-rows.js';
import { Stalled, StallWatch, type StalledAt } from './stall.js';

/** What every adopted worker is given, its slot and port apart. */
export type SlotSettings = Omit<Adoption, 'slot' | 'port' | 'seqs' | 'gauges' | 'gauge'>;

/** A thread that could not be made a slot is tried again after this. */
const ADOPT_AGAIN_MS = 1000;

interface PoolOptions {
  readonly threads: number;
  readonly settings: SlotSettings;
  readonly clock: Clock;
  /** Length of the ring of seqs: above the bodies that can be in flight. */
  readonly seqsLength: number;
  /** A worker without a sign of life for so long is ended. */
  readonly taskMsMax: number;
}

/** What a pool tells those who lean on it. */
export interface PoolEvents {
  /** A slot is ready: tell it the catalog before it is given bodies. */
  readonly onSlot: (slot: Slot) => void;
  readonly onMessage: (slot: Slot, message: FromWorker) => void;
  /** A slot is ended because it did not come back; `onDeath` follows. */
  readonly onStall: (slot: Slot, stalled: StalledAt) => void;
  /** The memtables of a slot are gone. */
  readonly onDeath: (slot: Slot) => void;
  readonly onError: (error: Error) => void;
}

/** One adopted worker thread. */
export interface Slot {
  readonly number: number;
  busy: boolean;
  /** Outcomes with a lower ordinal are given up: their rows are rolled back, or will be. */
  rolledBackBelow: number;
  /** The last ordinal that was refused for being below. */
  refusedTo: number;
  /** Linear memory in use by memtables, bytes. */
  readonly memtableBytes: number;
  tell(message: ToWorker): void;
  /** Tells the seq of an accepted body, or GIVEN_UP; each ordinal gets one, in their order. */
  giveSeq(ordinal: number, seq: number): void;
}

interface PoolSlot extends Slot {
  readonly threadId: number;
  readonly port: MessagePort;
  /** Of its gauge. */
  readonly row: number;
  /** Ends the task under way before its thread has ended. */
  failTask: (error: Error) => void;
}

/** Named in each task and not to the pool: a thread loads it with its first task, the adoption. */
const ENTRY = new URL('../worker/entry.js', import.meta.url).href;

interface Started {
  readonly piscina: Piscina;
  readonly events: PoolEvents;
}

/** Has no threads until `start`, so that all who hear of them can be there before. */
export class Pool {
  readonly #options: PoolOptions;
  #started: Started | null = null;
  /** Threads without a slot. */
  readonly #free = new Set<number>();
  readonly #slots = new Map<number, PoolSlot>();
  /** Threads that were told to end and may not have yet. */
  readonly #ending = new Set<number>();
  readonly #gauges: GaugeRows;
  readonly #watch: StallWatch;
  #slotsMade = 0;
  /** The thread that the task now being handed over is for. */
  #target = 0;
  #closing = false;
  /** Under way; they never reject. */
  readonly #adoptions = new Set<Promise<void>>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#gauges = new GaugeRows(options.threads);
    this.#watch = new StallWatch(options.clock, options.taskMsMax);
  }

  /** Starts the threads; each tells when it is ready. Call it once. */
  start(events: PoolEvents): void {
    const { threads } = this.#options;
    const piscina = new Piscina({
      minThreads: threads,
      maxThreads: threads,
      maxQueue: threads * 2,
      atomics: 'disabled',
      concurrentTasksPerWorker: 1,
      loadBalancer: (_task, workers) => workers.find((worker) => worker.id === this.#target) ?? null,
    });
    this.#started = { piscina, events };
    piscina.on('error', (error: Error) => {
      if (!this.#closing) events.onError(error);
    });
    piscina.on('workerCreate', (worker: { id: number }) => {
      this.#free.add(worker.id);
      queueMicrotask(() => this.#adoptFree());
    });
    piscina.on('workerDestroy', () => this.#forgetDeadThreads());
  }

  /** Linear memory in use by the memtables of all slots, bytes. */
  get memtableBytes(): number {
    let bytes = 0;
    for (const slot of this.#slots.values()) bytes += slot.memtableBytes;
    return bytes;
  }

  /** Slots by number, lowest first. */
  slots(): Slot[] {
    return [...this.#slots.values()];
  }

  /** The lowest slot without a task, one that is full only when all idle ones are. */
  idleSlot(): Slot | undefined {
    if (this.#closing) return undefined;
    return idleOf(this.#slots.values());
  }

  tellAll(message: ToWorker): void {
    for (const slot of this.#slots.values()) slot.tell(message);
  }

  /**
   * Runs a list of bodies in an idle slot.
   * @throws Stalled when the worker does not come back, another Error when it fails or dies; its memtables are gone then
   */
  async parse(slot: Slot, list: readonly BodyTask[]): Promise<ParseResult> {
    const { number, threadId } = slot as PoolSlot;
    slot.busy = true;
    try {
      this.#aimAt(threadId);
      const task = this.#piscina.run(list, { filename: ENTRY, name: 'parse' }) as Promise<ParseResult>;
      const stall = new Promise<never>((_, reject) => ((slot as PoolSlot).failTask = reject));
      const result = await Promise.race([task, stall]);
      // The port may have closed before the last result came: its rows are gone, and nobody would read them back.
      if (!this.#slots.has(number)) throw new Error(`worker ${number} died`);
      return result;
    } catch (error) {
      this.#slotDied(slot as PoolSlot);
      throw error;
    } finally {
      slot.busy = false;
    }
  }

  /** A thread that is ended while it loads its code takes the whole process along: adoptions under way end first. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#watch.close();
    await Promise.all(this.#adoptions);
    for (const slot of this.#slots.values()) slot.port.close();
    await this.#started?.piscina.destroy();
  }

  get #piscina(): Piscina {
    return this.#running.piscina;
  }

  get #events(): PoolEvents {
    return this.#running.events;
  }

  get #running(): Started {
    if (this.#started === null) throw new Error('the pool has no threads yet');
    return this.#started;
  }

  #adoptFree(): void {
    for (const threadId of this.#free) {
      const adoption = this.#adopt(threadId).finally(() => this.#adoptions.delete(adoption));
      this.#adoptions.add(adoption);
    }
  }

  async #adopt(threadId: number): Promise<void> {
    if (this.#closing) return;
    this.#free.delete(threadId);
    const { port1: port, port2 } = new MessageChannel();
    const ring = new BigInt64Array(new SharedArrayBuffer(this.#options.seqsLength * BigInt64Array.BYTES_PER_ELEMENT));
    const number = this.#slotsMade++;
    const { row, gauge } = this.#gauges.take();
    const adoption: Adoption = { ...this.#options.settings, slot: number, port: port2, seqs: ring.buffer, gauges: this.#gauges.memory, gauge: row };
    try {
      this.#aimAt(threadId);
      await this.#piscina.run(adoption, { filename: ENTRY, name: 'adopt', transferList: [port2] });
    } catch (error) {
      port.close();
      this.#gauges.give(row);
      if (this.#closing) return;
      this.#events.onError(error as Error);
      this.#options.clock.after(ADOPT_AGAIN_MS, () => this.#setFree(threadId));
      return;
    }
    const slot: PoolSlot = {
      number, threadId, port, row, busy: false, rolledBackBelow: 0, refusedTo: 0, failTask: () => undefined,
      get memtableBytes() {
        return gauge.heldBytes;
      },
      tell: (message) => port.postMessage(message),
      giveSeq: (ordinal, seq) => Atomics.store(ring, ordinal % ring.length, BigInt(seq)),
    };
    port.on('message', (message: FromWorker) => {
      if (this.#slots.has(number)) this.#events.onMessage(slot, message);
    });
    port.on('close', () => this.#slotDied(slot));
    this.#slots.set(number, slot);
    this.#watch.watch(number, { gauge, ask: () => slot.tell({ say: 'ask' }), onStall: (stalled) => this.#end(slot, stalled) });
    this.#events.onSlot(slot);
  }

  /** Ends the thread of a slot that shows no sign of life; another takes its place. What it is at cannot be asked to stop. */
  #end(slot: PoolSlot, stalled: StalledAt): void {
    const { threadId } = slot;
    this.#ending.add(threadId);
    void this.#piscina.threads.find((thread) => thread.threadId === threadId)?.terminate().then(() => this.#ending.delete(threadId));
    this.#events.onStall(slot, stalled);
    slot.failTask(new Stalled(stalled.at === 'body' ? stalled.place : null, this.#options.taskMsMax));
    this.#slotDied(slot);
  }

  /** Both the failed task and the closed port tell of it. */
  #slotDied(slot: PoolSlot): void {
    if (!this.#slots.delete(slot.number) || this.#closing) return;
    this.#watch.forget(slot.number);
    this.#gauges.give(slot.row);
    slot.port.close();
    this.#events.onDeath(slot);
    this.#setFree(slot.threadId);
  }

  /** A thread, unless it has ended, may become a slot. */
  #setFree(threadId: number): void {
    if (this.#isAlive(threadId)) this.#free.add(threadId);
    this.#adoptFree();
  }

  #isAlive(threadId: number): boolean {
    return !this.#ending.has(threadId) && this.#piscina.threads.some((thread) => thread.threadId === threadId);
  }

  /**
   * Says which thread the task handed over next is for.
   * @throws when it has ended: the pool would keep such a task, and every later one behind it, for ever
   */
  #aimAt(threadId: number): void {
    if (!this.#isAlive(threadId)) throw new Error(`thread ${threadId} has ended`);
    this.#target = threadId;
  }

  #forgetDeadThreads(): void {
    const alive = new Set(this.#piscina.threads.map((thread) => thread.threadId));
    for (const threadId of this.#free) if (!alive.has(threadId)) this.#free.delete(threadId);
  }
}

/** See `Pool.idleSlot`. @param slots lowest first */
export function idleOf(slots: Iterable<Slot>): Slot | undefined {
  let full: Slot | undefined;
  for (const slot of slots) {
    if (slot.busy) continue;
    if (slot.memtableBytes <= FULL_WORKER_BYTES) return slot;
    full ??= slot;
  }
  return full;
}
