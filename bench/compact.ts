/** A hundred files of 10,000 rows read back into a memtable, and merged into one. */
import type { ColumnDefinition } from '../src/model/schema.js';
import { fileColumns } from '../src/tables/parquet/file-columns.js';
import type { RangeStore } from '../src/tables/table-store.js';
import { compactFiles, COMPACTED_LIMITS } from '../src/worker/compact/compact.js';
import { Slices } from '../src/worker/flush/slices.js';
import type { DataFile } from '../src/worker/read/data-file.js';
import { openFiles, readFiles } from '../src/worker/read/file-reader.js';
import { WasmParser } from '../src/worker/wasm/wasm.js';
import { Random } from '../test/fuzz/random.js';
import { filesByDuckdb } from '../test/worker/foreign-files.js';
import { countingStore, longestSlice } from './flush-probe.js';
import { median, secondsSince } from './measure.js';
import { Session, warmModule } from './session.js';
import { fixed, short, type Part, type Row } from './table.js';
import { nextTsbsLine } from './workloads/generated.js';

const FILES = 100;
const ROWS = 10_000;
const ROUNDS = 5;
/** One line in so many is written again, with one field alone. */
const LINES_PER_REPEAT = 100;
const MEMORY_BYTES_MAX = 512 << 20;
const SLICE_ROWS = 65_536;
const TABLE_ID = 1;

export const part: Part = {
  about: `${FILES} files of ${fixed(ROWS)} rows in memory (TSBS cpu-only: ten tags, ten fields, 4,000 hosts), CPU time of the process, median of ${ROUNDS}; MiB are of linear memory. In turn: file after file in time, no point twice. At random: each line in any of the files, and one in ${LINES_PER_REPEAT} again with one field. Of another writer: those in turn, each written anew by DuckDB with zstd. Read: into a memtable alone. Compact: read, sorted, merged by C4, encoded, counted.`,
  async run() {
    const inTurn = await madeFiles(lines());
    const atRandom = await madeFiles(shuffled(lines()));
    const foreign = await byAnother(inTurn);
    const rows = [
      await readRow('read, in turn', inTurn), await readRow('read, at random', atRandom), await readRow('read, of another writer', foreign),
      await compactRow('compact, in turn', inTurn), await compactRow('compact, at random', atRandom), await compactRow('compact, of another writer', foreign),
    ];
    return [{ title: 'compaction', columns: ['rows', 'MB read', 'MB written', 'M rows/s', 'µs a row', 'MiB', 'longest slice ms'], rows }];
  },
};

function lines(): string[] {
  return Array.from({ length: FILES * ROWS }, nextTsbsLine());
}

/** The lines in any order, some again behind all others. */
function shuffled(all: string[]): string[] {
  const random = new Random(77);
  const repeated = all.filter((_, at) => at % LINES_PER_REPEAT === 0).map((line) => line.replace(/ usage_user=\d+i,.* /, ' usage_user=1000i '));
  for (let at = all.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return [...all.slice(repeated.length), ...repeated];
}

interface Made {
  readonly store: RangeStore;
  readonly files: readonly DataFile[];
  readonly columns: readonly ColumnDefinition[];
  readonly bytes: number;
}

async function madeFiles(all: readonly string[]): Promise<Made> {
  const session = new Session();
  const kept = new Map<string, Buffer>();
  for (let file = 0; file < FILES; file += 1) {
    session.writeBody(Buffer.from(all.slice(file * ROWS, (file + 1) * ROWS).join('')));
    const pieces: Buffer[] = [];
    const put = async (): Promise<unknown> => ({
      write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)), publish: async () => undefined, abandon: async () => undefined,
    });
    await session.flush({ put } as unknown as RangeStore);
    kept.set(`cpu/${file}`, Buffer.concat(pieces));
    session.clear();
  }
  const files = [...kept].map(([path, { length }]) => ({ path, bytes: length }));
  const store = { ...countingStore(), getRange: async (path: string, from: number, bytes: number) => kept.get(path)!.subarray(from, from + bytes) };
  return { store, files, columns: session.columns, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/** The same files as another writer leaves them. */
async function byAnother({ columns, files, store }: Made): Promise<Made> {
  const kept = new Map<string, Buffer>();
  for (const { path, bytes } of files) {
    const [file] = await filesByDuckdb((await store.getRange(path, 0, bytes))!, [['SELECT * FROM source', 'COMPRESSION zstd']]);
    kept.set(path, file!);
  }
  const theirs = [...kept].map(([path, { length }]) => ({ path, bytes: length, foreignSeqMax: Number.MAX_SAFE_INTEGER }));
  const getRange = async (path: string, from: number, bytes: number): Promise<Buffer> => kept.get(path)!.subarray(from, from + bytes);
  return { store: { ...store, getRange }, files: theirs, columns, bytes: theirs.reduce((sum, file) => sum + file.bytes, 0) };
}

interface Round {
  readonly seconds: number;
  readonly slice: number;
  readonly rows: number;
  readonly written: number;
  readonly memory: number;
}

async function readRow(name: string, { store, files, columns, bytes }: Made): Promise<Row> {
  return rowOf(name, bytes, async (parser) => {
    const slices = new Slices(SLICE_ROWS, () => undefined);
    parser.define({ id: TABLE_ID, databaseId: 1, measurement: 'cpu', created: 0, flushedTo: 0, columns });
    const opened = await openFiles(store, fileColumns(columns), files, slices);
    await readFiles(parser, store, TABLE_ID, opened, slices);
    return { rows: opened.rows, written: 0 };
  });
}

async function compactRow(name: string, { store, files, columns, bytes }: Made): Promise<Row> {
  const order = { tableId: TABLE_ID, folder: 'cpu', columns, files, node: '0123abcd', numberFirst: 1, limits: COMPACTED_LIMITS, memoryBytesMax: MEMORY_BYTES_MAX, divide: null };
  return rowOf(name, bytes, async (parser) => {
    const compacted = await compactFiles(parser, store, order);
    return { rows: compacted.rowsRead, written: compacted.files.reduce((sum, file) => sum + file.bytes, 0) };
  });
}

async function rowOf(name: string, bytes: number, action: (parser: WasmParser) => Promise<{ rows: number; written: number }>): Promise<Row> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const parser = new WasmParser(warmModule);
    let done = { rows: 0, written: 0 };
    const before = process.cpuUsage();
    const slice = await longestSlice(async () => void (done = await action(parser)));
    rounds.push({ ...done, seconds: secondsSince(before), slice, memory: parser.linearBytes() });
  }
  const seconds = median(rounds.map((round) => round.seconds));
  const { rows, written, memory } = rounds[0]!;
  return {
    name,
    cells: [
      fixed(rows), fixed(bytes / 1e6, 1), written === 0 ? '' : fixed(written / 1e6, 1), short(rows / seconds / 1e6), fixed((seconds / rows) * 1e6, 3),
      fixed(memory / 2 ** 20), fixed(median(rounds.map((round) => round.slice)) * 1e3, 1),
    ],
    speed: rows / seconds,
  };
}
