/** The only door to files: everything durable goes through a Disk, so that a test can be the disk. */
import { closeSync, constants, fsync, openSync, promises as fs, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FAULT_WORDS } from './fault-words.js';

/** An open file that is written by position or at its end. */
export interface DiskFile {
  /** Writes all of `bytes` at `position`. @throws when the disk refuses or writes short */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills `into` from `position`; returns the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** fdatasync. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** `create` and `create-secret` make the file, which must not exist; a secret one is its owner's alone. */
export type OpenHow = 'read' | 'update' | 'create' | 'create-secret';

export interface Disk {
  /** Opens for reading, or (all but `read`) for reading and writing. */
  open(path: string, how: OpenHow): Promise<DiskFile>;
  /** Whole file, or null when there is none. */
  readWhole(path: string): Promise<Buffer | null>;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Makes the folder and its parents, and syncs the folders that got an entry. */
  makeFolder(folder: string): Promise<void>;
  /** fsync of a folder. */
  syncFolder(folder: string): Promise<void>;
  /** A file that stands at `to` is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Hard link; returns false when `to` exists. */
  link(from: string, to: string): Promise<boolean>;
  /** No error when there is no such file. */
  remove(path: string): Promise<void>;
  /** No error when there is no such folder. */
  removeTree(folder: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Bytes of a file, or null when there is none. */
  sizeOf(path: string): Promise<number | null>;
  /** Free bytes for this process on the file system that holds `path`. */
  freeBytes(path: string): Promise<number>;
}

const OPEN_FLAGS: Readonly<Record<OpenHow, number>> = {
  'read': constants.O_RDONLY,
  'update': constants.O_RDWR,
  'create': constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  'create-secret': constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

/** Nothing is for everyone, whatever the umask. Its group may read (`--data-group` says which that is), but no secret. */
const FILE_MODE = 0o640;
const SECRET_MODE = 0o600;
const FOLDER_MODE = 0o750;
const GROUP_READS = 0o040;
/** With S_ISGID: what is made in the folder belongs to its group. */
const GROUP_FOLDER = 0o2050;
const S_ISGID = 0o2000;
const FOR_OTHERS = 0o077;

/** What `action` gives. @throws its error, the message of which says what could not be done, where, and why */
async function told<T>(what: string, path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = FAULT_WORDS[code ?? ''];
    if (reason !== undefined) (error as Error).message = `${path} could not be ${what}: ${reason} (${code})`;
    throw error;
  }
}

/** The disk of this machine. */
export const systemDisk: Disk = {
  async open(path, how) {
    const mode = how === 'create-secret' ? SECRET_MODE : FILE_MODE;
    return diskFile(path, await told(how.startsWith('create') ? 'made' : 'opened', path, () => fs.open(path, OPEN_FLAGS[how], mode)));
  },
  readWhole: (path) => told('read', path, () => unless('ENOENT', null, () => fs.readFile(path))),
  list: async (folder) => (await told('listed', folder, () => unless('ENOENT', [], () => fs.readdir(folder)))).toSorted(),
  async makeFolder(folder) {
    const first = await told('made', folder, () => fs.mkdir(folder, { recursive: true, mode: FOLDER_MODE }));
    if (first === undefined) return;
    for (let made = folder; ; made = dirname(made)) {
      await this.syncFolder(dirname(made));
      if (made === first || made === dirname(made)) return;
    }
  },
  async syncFolder(folder) {
    // Opened and closed at once: neither waits for the disk, and a way through Node's threads costs more than either.
    const descriptor = await told('opened', folder, () => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
    try {
      await told('synced', folder, () => new Promise<void>((resolve, reject) => fsync(descriptor, (error) => (error === null ? resolve() : reject(error)))));
    } finally {
      closeSync(descriptor);
    }
  },
  rename: (from, to) => told(`renamed to ${to}`, from, () => fs.rename(from, to)),
  link: (from, to) => told(`linked to ${to}`, from, () => unless('EEXIST', false, async () => {
    await fs.link(from, to);
    return true;
  })),
  remove: (path) => told('removed', path, () => unless('ENOENT', undefined, () => fs.unlink(path))),
  removeTree: (folder) => told('removed', folder, () => fs.rm(folder, { recursive: true, force: true })),
  sizeOf: (path) => told('looked at', path, () => unless('ENOENT', null, async () => (await fs.stat(path)).size)),
  exists: (path) => told('looked at', path, () => unless('ENOENT', false, async () => {
    await fs.stat(path);
    return true;
  })),
  async freeBytes(path) {
    const { bavail, bsize } = await told('asked for its free bytes', path, () => fs.statfs(path));
    return bavail * bsize;
  },
};

/** A file that came with the program (the WASM module), read at once. */
export function readPackaged(url: URL): Buffer<ArrayBuffer> {
  return readFileSync(url);
}

/** What tells a folder from every other of this machine, by whatever path it is reached. */
export async function identityOf(folder: string): Promise<string> {
  const { dev, ino } = await fs.stat(folder);
  return `${dev}-${ino}`;
}

/** What a path comes to, links followed; null when nothing stands there. A pipe, a device or a folder is no plain file. */
export async function fileAt(path: string): Promise<{ readonly path: string; readonly isPlain: boolean } | null> {
  return told('looked at', path, () => unless('ENOENT', null, async () => {
    const isPlain = (await fs.stat(path)).isFile();
    return { path: isPlain ? await fs.realpath(path) : path, isPlain };
  }));
}

/** Size and last change of a plain file, or whether it is a folder; null when nothing stands there. */
export async function entryAt(path: string): Promise<{ readonly isFolder: boolean; readonly bytes: number; readonly changedMs: number } | null> {
  return told('looked at', path, () => unless('ENOENT', null, async () => {
    const found = await fs.stat(path);
    return { isFolder: found.isDirectory(), bytes: found.size, changedMs: found.mtimeMs };
  }));
}

/** Whether others than its owner may read a file. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  return ((await fs.stat(path)).mode & FOR_OTHERS) !== 0;
}

/**
 * Gives a folder and all in it to a group, which may then read everything but secrets; what is made there later follows
 * by itself. A folder that was given is not looked through again: it is the last to be given.
 */
export async function giveToGroup(folder: string, group: number): Promise<void> {
  const { gid, mode } = await fs.stat(folder);
  if (gid !== group || (mode & S_ISGID) === 0) await giveTree(folder, group);
}

async function giveTree(folder: string, group: number): Promise<void> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTree(path, group);
    if (entry.isFile()) await giveOne(path, group, GROUP_READS);
  }
  await giveOne(folder, group, GROUP_FOLDER);
}

async function giveOne(path: string, group: number, allowed: number): Promise<void> {
  const { uid, mode } = await fs.stat(path);
  await fs.chown(path, uid, group);
  if ((mode & FOR_OTHERS) !== 0 || allowed === GROUP_FOLDER) await fs.chmod(path, mode | allowed);
}

function diskFile(path: string, handle: fs.FileHandle): DiskFile {
  return {
    async write(bytes, position) {
      const { bytesWritten } = await told('written', path, () => handle.write(bytes, 0, bytes.length, position));
      if (bytesWritten !== bytes.length) {
        throw new Error(`the disk wrote ${bytesWritten} of ${bytes.length} bytes of ${path} at ${position}`);
      }
    },
    async read(into, position) {
      for (let filled = 0; ; ) {
        const { bytesRead } = await told('read', path, () => handle.read(into, filled, into.length - filled, position + filled));
        filled += bytesRead;
        if (bytesRead === 0 || filled === into.length) return filled;
      }
    },
    sync: () => told('synced', path, () => handle.datasync()),
    truncate: (bytes) => told('cut', path, () => handle.truncate(bytes)),
    size: async () => (await told('looked at', path, () => handle.stat())).size,
    close: () => handle.close(),
  };
}

/** What `action` returns, or `instead` when it fails with the one code that is an answer and no fault. */
async function unless<T, U>(code: string, instead: U, action: () => Promise<T>): Promise<T | U> {
  try {
    return await action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return instead;
    throw error;
  }
}
