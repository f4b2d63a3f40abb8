/** The worker threads: a Piscina pool whose threads are bound to slots. The only importer of piscina. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Adoption, BodyTask, FromWorker, ParseResult, ToWorker } from '../worker/protocol.js';

/** What every adopted worker is given, its slot and port apart. */
export type SlotSettings = Omit<Adoption, 'slot' | 'port' | 'numbers'>;

export interface PoolOptions {
  readonly threads: number;
  readonly settings: SlotSettings;
  /** Length of the ring of log numbers: above the bodies that can be in flight. */
  readonly numbersLength: number;
  /** A slot is ready: tell it the catalog before it is given bodies. */
  readonly onSlot: (slot: Slot) => void;
  readonly onMessage: (slot: Slot, message: FromWorker) => void;
  /** The builders of a slot are gone. */
  readonly onDeath: (slot: Slot) => void;
  readonly onError: (error: Error) => void;
}

/** One adopted worker thread. */
export interface Slot {
  readonly number: number;
  /** Log numbers by ordinal; main writes, the worker takes. */
  readonly numbers: BigInt64Array;
  busy: boolean;
  /** Outcomes with a lower ordinal are given up: their rows are cut off, or will be. */
  cutBelow: number;
  /** Linear memory in use by builders after its last task, bytes. */
  builderBytes: number;
  tell(message: ToWorker): void;
}

interface PoolSlot extends Slot {
  readonly threadId: number;
  readonly port: MessagePort;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #piscina: Piscina;
  /** Threads without a slot. */
  readonly #free = new Set<number>();
  readonly #slots = new Map<number, PoolSlot>();
  #slotsMade = 0;
  /** The thread that the task now being handed over is for. */
  #target = 0;
  #closing = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#piscina = new Piscina({
      filename: new URL('../worker/entry.js', import.meta.url).href,
      minThreads: options.threads,
      maxThreads: options.threads,
      maxQueue: options.threads * 2,
      atomics: 'disabled',
      concurrentTasksPerWorker: 1,
      loadBalancer: (_task, workers) => workers.find((worker) => worker.id === this.#target) ?? null,
    });
    this.#piscina.on('error', (error: Error) => {
      if (!this.#closing) options.onError(error);
    });
    this.#piscina.on('workerCreate', (worker: { id: number }) => {
      this.#free.add(worker.id);
      queueMicrotask(() => this.#adoptFree());
    });
    this.#piscina.on('workerDestroy', () => this.#forgetDeadThreads());
  }

  /** Slots by number, lowest first. */
  slots(): Slot[] {
    return [...this.#slots.values()];
  }

  /** The lowest slot without a task. */
  idleSlot(): Slot | undefined {
    for (const slot of this.#slots.values()) if (!slot.busy) return slot;
    return undefined;
  }

  tellAll(message: ToWorker): void {
    for (const slot of this.#slots.values()) slot.tell(message);
  }

  /** Runs a list of bodies in an idle slot. @throws when the worker fails or dies: its builders are gone then */
  async parse(slot: Slot, list: readonly BodyTask[]): Promise<ParseResult> {
    const { threadId } = slot as PoolSlot;
    slot.busy = true;
    try {
      this.#target = threadId;
      const result = (await this.#piscina.run(list, { name: 'parse' })) as ParseResult;
      slot.builderBytes = result.builderBytes;
      return result;
    } catch (error) {
      this.#slotDied(slot as PoolSlot);
      throw error;
    } finally {
      slot.busy = false;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const slot of this.#slots.values()) slot.port.close();
    await this.#piscina.destroy();
  }

  #adoptFree(): void {
    for (const threadId of this.#free) void this.#adopt(threadId);
  }

  async #adopt(threadId: number): Promise<void> {
    if (this.#closing) return;
    this.#free.delete(threadId);
    const { port1: port, port2 } = new MessageChannel();
    const numbers = new SharedArrayBuffer(this.#options.numbersLength * BigInt64Array.BYTES_PER_ELEMENT);
    const number = this.#slotsMade++;
    const adoption: Adoption = { ...this.#options.settings, slot: number, port: port2, numbers };
    try {
      this.#target = threadId;
      await this.#piscina.run(adoption, { name: 'adopt', transferList: [port2] });
    } catch (error) {
      port.close();
      this.#options.onError(error as Error);
      return;
    }
    const slot: PoolSlot = {
      number, threadId, port, numbers: new BigInt64Array(numbers), busy: false, cutBelow: 0, builderBytes: 0,
      tell: (message) => port.postMessage(message),
    };
    port.on('message', (message: FromWorker) => this.#options.onMessage(slot, message));
    port.on('close', () => this.#slotDied(slot));
    this.#slots.set(number, slot);
    this.#options.onSlot(slot);
  }

  /** Both the failed task and the closed port tell of it. */
  #slotDied(slot: PoolSlot): void {
    if (!this.#slots.delete(slot.number) || this.#closing) return;
    slot.port.close();
    if (this.#piscina.threads.some((thread) => thread.threadId === slot.threadId)) this.#free.add(slot.threadId);
    this.#options.onDeath(slot);
    this.#adoptFree();
  }

  #forgetDeadThreads(): void {
    const alive = new Set(this.#piscina.threads.map((thread) => thread.threadId));
    for (const threadId of this.#free) if (!alive.has(threadId)) this.#free.delete(threadId);
  }
}
