/** Where a command reads its text from: a file or stdin, gzip or plain. */
import { fileAt, systemDisk, type DiskFile } from '../disk.js';
import { gunzipChunks } from '../worker/unpack/inflate.js';

const CHUNK_BYTES = 256 * 1024;

/** Opens a file for reading. @throws Error with a sentence when it cannot be read */
export async function openToRead(path: string): Promise<DiskFile> {
  if ((await fileAt(path))?.isPlain === false) throw new Error(`${path} cannot be read: it is a folder, a pipe or a device; what comes through a pipe is read as -`);
  return systemDisk.open(path, 'read').catch((error: Error) => {
    throw new Error(`${path} cannot be read: ${error.message}`);
  });
}

/** The bytes of an open file from a position on. */
export async function* chunksOf(file: DiskFile, from = 0): AsyncGenerator<Uint8Array> {
  for (let position = from; ;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const bytes = await file.read(chunk, position);
    if (bytes === 0) return;
    position += bytes;
    yield chunk.subarray(0, bytes);
  }
}

/** The bytes of a file, or of stdin for `-`, unpacked when they are gzip. @throws Error with a sentence when it cannot be read */
export async function* textOf(path: string): AsyncGenerator<Uint8Array> {
  if (path === '-') return yield* unpacked(process.stdin);
  const file = await openToRead(path);
  try {
    yield* unpacked(chunksOf(file));
  } finally {
    await file.close();
  }
}

/** Whether a text that begins so is gzip. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** Unpacks chunks whose first bytes are those of gzip; others stay as they are. */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  while (head.length < 2) {
    const { value, done } = await iterator.next();
    if (done === true) return yield head;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield head;
    for (;;) {
      const { value, done } = await iterator.next();
      if (done === true) return;
      yield value;
    }
  }
  yield* isGzip(head) ? gunzipChunks(whole()) : whole();
}

/** Leaves out the first bytes. @throws Error when there are fewer */
export async function* withoutFirst(bytes: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
  if (left > 0) throw new Error(`the text is ${left} bytes shorter than it was`);
}
