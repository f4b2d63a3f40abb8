/** The pages of a Parquet file: that they follow one another as the footer says, and their checksums where they have some. */
import { crc32 } from '../crc.js';
import type { Disk, DiskFile } from '../disk.js';
import { ThriftReader, type Struct } from './thrift.js';

const MAGIC = Buffer.from('PAR1');
const TAIL_BYTES = 8;

/** What the footer of a file says of it, and what is wrong with its pages. */
interface PagesFound {
  readonly rows: bigint;
  /** In sentences. */
  readonly faults: readonly string[];
  /** Pages with a checksum, and all. */
  readonly checked: number;
  readonly pages: number;
}

interface Chunk {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
  readonly values: bigint;
}

/** Walks the pages of a file. @param bytes of the file @throws Error with a sentence when it is no Parquet file */
export async function walkPages(disk: Disk, path: string, bytes: number): Promise<PagesFound> {
  const file = await disk.open(path, 'read');
  try {
    const footer = await footerOf(file, bytes);
    const faults: string[] = [];
    let [checked, pages] = [0, 0];
    for (const [group, chunks] of chunksOf(footer).entries()) {
      for (const chunk of chunks) {
        const found = await walkChunk(file, chunk, bytes).catch((error: Error) => ({ fault: error.message, checked: 0, pages: 0 }));
        if (found.fault !== null) faults.push(`row group ${group}, column ${chunk.name}: ${found.fault}`);
        checked += found.checked;
        pages += found.pages;
      }
    }
    return { rows: wholeOf(footer.get(3)), faults, checked, pages };
  } finally {
    await file.close();
  }
}

async function readAt(file: DiskFile, position: number, count: number): Promise<Buffer> {
  const into = Buffer.alloc(count);
  if ((await file.read(into, position)) !== count) throw new Error('it ends too early');
  return into;
}

async function footerOf(file: DiskFile, bytes: number): Promise<Struct> {
  if (bytes < MAGIC.length + TAIL_BYTES) throw new Error('it is too short to be Parquet');
  const tail = await readAt(file, bytes - TAIL_BYTES, TAIL_BYTES);
  if (!tail.subarray(4).equals(MAGIC) || !(await readAt(file, 0, MAGIC.length)).equals(MAGIC)) throw new Error('it does not begin and end as Parquet does');
  const length = tail.readUInt32LE(0);
  if (length > bytes - MAGIC.length - TAIL_BYTES) throw new Error('its footer is longer than the file');
  try {
    return new ThriftReader(await readAt(file, bytes - TAIL_BYTES - length, length)).struct();
  } catch (error) {
    throw new Error(`its footer cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The column chunks of each row group. @throws Error with a sentence when the footer does not say where they are */
function chunksOf(footer: Struct): Chunk[][] {
  try {
    return groupsOf(footer);
  } catch (error) {
    throw new Error('its footer does not say where its pages are', { cause: error });
  }
}

function groupsOf(footer: Struct): Chunk[][] {
  return structsOf(footer.get(4)).map((group) => structsOf(group.get(1)).map((column) => {
    const meta = column.get(3) as Struct;
    const names = (meta.get(3) as readonly Uint8Array[]).map((name) => Buffer.from(name).toString());
    const [data, dictionary] = [wholeOf(meta.get(9)), meta.has(11) ? wholeOf(meta.get(11)) : 0n];
    const start = dictionary > 0n && dictionary < data ? dictionary : data;
    return { name: names.join('.'), start: Number(start), bytes: Number(wholeOf(meta.get(7))), values: wholeOf(meta.get(5)) };
  }));
}

function structsOf(value: unknown): readonly Struct[] {
  return (value ?? []) as readonly Struct[];
}

function wholeOf(value: unknown): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number') throw new Error('its footer lacks a number');
  return BigInt(value);
}

async function walkChunk(file: DiskFile, { start, bytes, values }: Chunk, fileBytes: number): Promise<{ fault: string | null; checked: number; pages: number }> {
  if (start < MAGIC.length || bytes < 0 || start + bytes > fileBytes) throw new Error('its pages lie outside of the file');
  const chunk = await readAt(file, start, bytes);
  let [checked, pages, seen] = [0, 0, 0n];
  for (let at = 0; at < bytes; pages += 1) {
    const reader = new ThriftReader(chunk, at);
    const header = reader.struct();
    const end = reader.at + Number(wholeOf(header.get(3)));
    if (end > bytes || end < reader.at) throw new Error(`page ${pages} is longer than its column chunk`);
    const crc = header.get(4);
    if (crc !== undefined) {
      checked += 1;
      if (crc32(chunk.subarray(reader.at, end)) !== Number(crc) >>> 0) return { fault: `the checksum of page ${pages} is wrong`, checked, pages };
    }
    // A page of data, of the first or second kind; a dictionary holds no rows.
    const data = header.get(5) ?? header.get(8);
    seen += data instanceof Map ? wholeOf(data.get(1)) : 0n;
    at = end;
  }
  return { fault: seen === values ? null : `its pages hold ${seen} values, and the footer says ${values}`, checked, pages };
}
