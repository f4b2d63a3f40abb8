/** A disk in memory that loses what was not synced, fails on command, and can be looked at after any operation. */
import { basename, dirname } from 'node:path';
import type { Disk, DiskFile, OpenHow } from '../../src/disk.js';
import { Random } from '../fuzz/random.js';

export type Operation =
  | 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'size' | 'close'
  | 'list' | 'makeFolder' | 'syncFolder' | 'rename' | 'link' | 'remove' | 'exists';

/** `short-write` fails a write after half of it. */
export type FaultKind = Operation | 'short-write' | 'any';

/** What a loss of power leaves of writes and names that were not synced. */
export const CRASH_POLICIES = ['drop-unsynced', 'keep-all', 'some-files', 'torn-tail', 'zeros', 'sectors'] as const;
export type CrashPolicy = (typeof CRASH_POLICIES)[number];

const SECTOR_BYTES = 512;

interface Change {
  readonly position: number;
  readonly bytes: Uint8Array;
  /** The file's length afterwards, when this is a truncation. */
  readonly cutTo?: number;
}

/** One file: what programs see, what is on the platter, and the changes between the two. */
class Inode {
  live = Buffer.alloc(0);
  durable = Buffer.alloc(0);
  unsynced: Change[] = [];
  /** What a failed sync was to write: it may be on the platter, and no later sync cares for it. */
  doubtful: Change[] = [];

  change(change: Change): void {
    this.live = applied(this.live, change);
    this.unsynced.push(change);
  }

  sync(): void {
    for (const change of this.unsynced) this.durable = applied(this.durable, change);
    this.unsynced = [];
  }

  /** As Linux does after a failed fsync: the pages count as clean, whether they were written or not. */
  failSync(): void {
    this.doubtful.push(...this.unsynced.splice(0));
  }

  survivor(policy: CrashPolicy, random: Random): Inode {
    const survivor = new Inode();
    const isDropped = policy === 'drop-unsynced' || (policy === 'some-files' && random.below(2) === 0);
    const changes = isDropped ? [] : [...this.doubtful, ...this.unsynced];
    survivor.live = changes.reduce((bytes, change, i) => {
      const isLast = i === changes.length - 1;
      return applied(bytes, survivingPart(change, policy, isLast, random));
    }, this.durable);
    survivor.durable = survivor.live;
    return survivor;
  }
}

function survivingPart(change: Change, policy: CrashPolicy, isLast: boolean, random: Random): Change {
  const { position, bytes } = change;
  if (change.cutTo !== undefined) return change;
  switch (policy) {
    case 'torn-tail':
      return isLast ? { position, bytes: bytes.subarray(0, random.below(bytes.length + 1)) } : change;
    case 'zeros':
      return { position, bytes: new Uint8Array(bytes.length) };
    case 'sectors': {
      const some = Uint8Array.from(bytes);
      for (let at = 0; at < some.length; at += SECTOR_BYTES - ((position + at) % SECTOR_BYTES)) {
        if (random.below(2) === 0) some.fill(0, at, at + SECTOR_BYTES - ((position + at) % SECTOR_BYTES));
      }
      return { position, bytes: some };
    }
    default:
      return change;
  }
}

function applied(bytes: Buffer<ArrayBuffer>, change: Change): Buffer<ArrayBuffer> {
  const length = change.cutTo ?? Math.max(bytes.length, change.position + change.bytes.length);
  const after = Buffer.alloc(length);
  bytes.copy(after, 0, 0, Math.min(length, bytes.length));
  after.set(change.bytes, change.position);
  return after;
}

interface Fault {
  readonly kind: FaultKind;
  /** Matching operations until it strikes. */
  countdown: number;
  readonly sticky: boolean;
}

export class MemoryDisk implements Disk {
  readonly counts = new Map<Operation, number>();
  /** Called before an operation; it waits for the promise. */
  before: ((operation: Operation, path: string) => Promise<void> | void) | undefined;
  /** Called when an operation is done and nobody knows it yet. */
  after: ((operation: Operation, path: string) => void) | undefined;
  /** Whether a fault struck. */
  struck = false;
  #fault: Fault | undefined;
  /** Names in a folder: as seen, and as on the platter. */
  readonly #live = new Map<string, Map<string, Inode>>();
  readonly #durable = new Map<string, Map<string, Inode>>();

  /** The `n`-th operation of the kind from now, counted from 1, fails: once, or (sticky) all from then on. */
  failNth(kind: FaultKind, n: number, how: 'once' | 'sticky'): void {
    this.#fault = { kind, countdown: n, sticky: how === 'sticky' };
  }

  /** The fault is over. */
  healFaults(): void {
    this.#fault = undefined;
  }

  /** A new disk with what survives a loss of power now; this one goes on. */
  crash(policy: CrashPolicy, seed = 1): MemoryDisk {
    const random = new Random(seed);
    const disk = new MemoryDisk();
    for (const [folder, names] of policy === 'drop-unsynced' ? this.#durable : this.#live) {
      const entries = [...names].map(([name, inode]) => [name, inode.survivor(policy, random)] as const);
      disk.#live.set(folder, new Map(entries));
      disk.#durable.set(folder, new Map(entries));
    }
    return disk;
  }

  /** Content of a file as programs see it. */
  content(path: string): Buffer {
    return Buffer.from(this.#inode(path).live);
  }

  /** Puts a file there, durable. */
  place(path: string, bytes: Uint8Array): void {
    const inode = new Inode();
    inode.live = inode.durable = Buffer.from(bytes);
    for (const side of [this.#live, this.#durable]) {
      const names = side.get(dirname(path)) ?? new Map<string, Inode>();
      side.set(dirname(path), names.set(basename(path), inode));
    }
  }

  open(path: string, how: OpenHow): Promise<DiskFile> {
    return this.#do('open', path, () => {
      if (how === 'read' || how === 'update') return this.#file(path, this.#inode(path));
      if (this.#folder(path).has(basename(path))) throw fault('EEXIST', path);
      const inode = new Inode();
      this.#folder(path).set(basename(path), inode);
      return this.#file(path, inode);
    });
  }

  readWhole(path: string): Promise<Buffer | null> {
    return this.#do('read', path, () => {
      const inode = this.#live.get(dirname(path))?.get(basename(path));
      return inode === undefined ? null : Buffer.from(inode.live);
    });
  }

  list(folder: string): Promise<string[]> {
    return this.#do('list', folder, () => [...(this.#live.get(folder)?.keys() ?? [])].toSorted());
  }

  /** Folders themselves are durable at once; their entries are not. */
  makeFolder(folder: string): Promise<void> {
    return this.#do('makeFolder', folder, () => {
      for (const side of [this.#live, this.#durable]) if (!side.has(folder)) side.set(folder, new Map());
    });
  }

  syncFolder(folder: string): Promise<void> {
    return this.#do('syncFolder', folder, () => {
      this.#durable.set(folder, new Map(this.#folder(`${folder}/`)));
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do('rename', from, () => {
      this.#folder(to).set(basename(to), this.#inode(from));
      this.#folder(from).delete(basename(from));
    });
  }

  link(from: string, to: string): Promise<boolean> {
    return this.#do('link', from, () => {
      if (this.#folder(to).has(basename(to))) return false;
      this.#folder(to).set(basename(to), this.#inode(from));
      return true;
    });
  }

  remove(path: string): Promise<void> {
    return this.#do('remove', path, () => {
      this.#live.get(dirname(path))?.delete(basename(path));
    });
  }

  removeTree(folder: string): Promise<void> {
    return this.#do('remove', folder, () => {
      for (const name of this.#live.keys()) if (`${name}/`.startsWith(`${folder}/`)) this.#live.delete(name);
      this.#live.get(dirname(folder))?.delete(basename(folder)); // it may be a file
    });
  }

  exists(path: string): Promise<boolean> {
    return this.#do('exists', path, () => this.#live.get(dirname(path))?.has(basename(path)) ?? false);
  }

  sizeOf(path: string): Promise<number | null> {
    return this.#do('exists', path, () => this.#live.get(dirname(path))?.get(basename(path))?.live.length ?? null);
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(2 ** 40);
  }

  #folder(path: string): Map<string, Inode> {
    const folder = path.endsWith('/') ? path.slice(0, -1) : dirname(path);
    const names = this.#live.get(folder);
    if (names === undefined) throw fault('ENOENT', folder);
    return names;
  }

  #inode(path: string): Inode {
    const inode = this.#folder(path).get(basename(path));
    if (inode === undefined) throw fault('ENOENT', path);
    return inode;
  }

  #file(path: string, inode: Inode): DiskFile {
    return {
      write: (bytes, position) => this.#do(
        'write', path,
        () => inode.change({ position, bytes: Uint8Array.from(bytes) }),
        () => inode.change({ position, bytes: Uint8Array.from(bytes.subarray(0, bytes.length / 2)) }),
      ),
      read: (into, position) => this.#do('read', path, () => {
        const part = inode.live.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      }),
      sync: () => this.#do('sync', path, () => inode.sync(), () => inode.failSync()),
      truncate: (bytes) => this.#do('truncate', path, () => {
        inode.change({ position: 0, bytes: new Uint8Array(0), cutTo: bytes });
      }),
      size: () => this.#do('size', path, () => inode.live.length),
      close: () => this.#do('close', path, () => undefined),
    };
  }

  /** Runs an operation, or lets it fail with what a failure leaves behind. */
  async #do<T>(operation: Operation, path: string, action: () => T, failing?: () => void): Promise<T> {
    await this.before?.(operation, path);
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    if (this.#strikes(operation)) {
      this.struck = true;
      if (operation !== 'write' || this.#fault?.kind === 'short-write') failing?.();
      if (!this.#fault!.sticky) this.#fault = undefined;
      throw fault('EIO', path, operation);
    }
    const result = action();
    this.after?.(operation, path);
    return result;
  }

  #strikes(operation: Operation): boolean {
    const kind = this.#fault?.kind === 'short-write' ? 'write' : this.#fault?.kind;
    if (this.#fault === undefined || (kind !== 'any' && kind !== operation)) return false;
    this.#fault.countdown -= 1;
    return this.#fault.countdown <= 0;
  }
}

function fault(code: string, path: string, operation = 'open'): Error {
  return Object.assign(new Error(`${code}: ${operation} of ${path} failed`), { code });
}
