/**
 * Writes the rows of a table as JSON lines, for one whose rows the encoder must not touch again. They are read out of the
 * memtable where they stand; the format is in DESIGN.md, section 8.
 */
import * as abi from '../../../assembly/layout/codes.js';
import { OWN_COLUMNS, ROW_NUMBER } from '../../names.js';
import type { StoreWriter, TableStore } from '../../tables/table-store.js';
import { Gatherer, SLICE_WORK, workOf, type Member, type Members } from './json-members.js';
import type { FlushedFile } from '../../model/flushed-file.js';
import type { FileOrder } from '../protocol.js';
import { ByteSink } from './byte-sink.js';
import { Slices } from './slices.js';
import { StandingRows, type MemtableModule, type FlushSpans } from './standing-rows.js';
import { writeWhole } from './whole-file.js';

/** Rows whose members are gathered together. */
const BLOCK_ROWS = 1024;
/** Characters of fields of a block that are gathered before its lines are written: a row of more stands in several lines. */
const FIELDS_TEXT_MAX = 8 << 20;
/** Characters of tags of a block, and of those that are remembered for the next ones. */
const TAGS_TEXT_MAX = 8 << 20;
/** Characters of lines that go to the file in one step. */
const STEP_TEXT = 1 << 16;
/** Values of a tag that are passed over rather than the value of a series looked for. */
const PASSED_PER_LOOK = 8;

const NANOS_PER_MICRO = 1000n;
const [TIME, NANOS, SEQ] = OWN_COLUMNS;

/**
 * Writes one file of the table's spans and publishes it at `order.path`.
 * @param spansOf gives the spans to write, in the order of the memtable
 * @param onSlice is called whenever others get their turn
 * @returns null when there are no rows; the statistics say no more than their number
 * @throws when storage fails or the rows leave or move meanwhile; no file stays
 */
export async function writeJsonFile(
  module: MemtableModule, store: TableStore, order: FileOrder, spansOf: () => FlushSpans, onSlice: () => void = () => undefined,
): Promise<FlushedFile | null> {
  const spans = spansOf();
  if (blocksOf(spans).next().done === true) return null;
  return writeWhole(store, order.path, (writer) => new JsonFile(module, order, spans, onSlice).write(writer));
}

/** Rows side by side in the memtable. */
interface Block {
  readonly first: number;
  /** Seq of each row. */
  readonly seqs: readonly number[];
}

class JsonFile {
  readonly #order: FileOrder;
  readonly #spans: FlushSpans;
  readonly #rows: StandingRows;
  readonly #memtable: Gatherer;
  readonly #tags: readonly Member[];
  readonly #fields: readonly Member[];
  /** Of series met so far. */
  readonly #tagTexts = new Map<number, string>();
  #tagChars = 0;

  constructor(module: MemtableModule, order: FileOrder, spans: FlushSpans, onSlice: () => void) {
    this.#order = order;
    this.#spans = spans;
    this.#rows = new StandingRows(module, order.tableId);
    this.#memtable = new Gatherer(this.#rows, new Slices(SLICE_WORK, onSlice));
    const members = order.columns.map(({ id, kind, name }) => ({ id, kind, head: `,${JSON.stringify(name)}:` }));
    this.#tags = members.filter(({ kind }) => kind === abi.KIND_TAG);
    this.#fields = members.filter(({ kind }) => kind !== abi.KIND_TAG);
  }

  async write(writer: StoreWriter): Promise<FlushedFile> {
    const sink = new ByteSink(writer);
    let rows = 0;
    for (const block of blocksOf(this.#spans)) {
      await this.#writeBlock(sink, block);
      rows += block.seqs.length;
    }
    await sink.flush();
    this.#rows.table();
    await writer.publish();
    return { path: this.#order.path, bytes: sink.bytes, rows, statistics: { numRecords: rows, minValues: {}, maxValues: {}, nullCount: {} } };
  }

  async #writeBlock(sink: ByteSink, block: Block): Promise<void> {
    const { first, seqs } = block;
    if (!(await this.#gatherTags(block))) {
      const middle = seqs.length >> 1;
      await this.#writeBlock(sink, { first, seqs: seqs.slice(0, middle) });
      await this.#writeBlock(sink, { first: first + middle, seqs: seqs.slice(middle) });
      return;
    }
    const fields: Members = { placeOf: (row) => row - first, texts: seqs.map(() => ''), chars: 0 };
    const written = new Set<number>();
    for (const field of this.#fields) {
      const { count, from } = this.#memtable.valuesBetween(field, first, first + seqs.length);
      for (let next = count > 0 ? from : undefined; next !== undefined;) {
        next = this.#memtable.addSlice(field, next, first + seqs.length, fields);
        if (fields.chars > FIELDS_TEXT_MAX) await this.#writeLines(sink, block, fields, written);
        await this.#memtable.turnWhenFull(0);
      }
      await this.#memtable.turnWhenFull(1);
    }
    await this.#writeLines(sink, block, fields, written);
    // A row without a field has its line all the same.
    if (written.size < seqs.length) await this.#writeLines(sink, block, fields, written, true);
  }

  /** Brings the tags of all rows of a block to mind; false when they are too many and the block has rows to share. */
  async #gatherTags(block: Block): Promise<boolean> {
    if (this.#tagChars > TAGS_TEXT_MAX) this.#tagTexts.clear();
    if (this.#tagTexts.size === 0) this.#tagChars = 0;
    const wanted = [...new Set(block.seqs.map((_, place) => this.#memtable.seriesOf(block.first + place)))]
      .filter((series) => !this.#tagTexts.has(series)).sort((a, b) => a - b);
    const places = new Map(wanted.map((series, place) => [series, place]));
    const members: Members = { placeOf: (series) => places.get(series), texts: wanted.map(() => ''), chars: 0 };
    for (const tag of this.#tags) {
      for (const [first, end] of this.#rangesOf(tag, wanted)) {
        const { count, from } = this.#memtable.valuesBetween(tag, first, end);
        for (let next = count > 0 ? from : undefined; next !== undefined;) {
          next = this.#memtable.addSlice(tag, next, end, members);
          await this.#memtable.turnWhenFull(0);
          if (members.chars > TAGS_TEXT_MAX && block.seqs.length > 1) return false;
        }
        await this.#memtable.turnWhenFull(1);
      }
    }
    wanted.forEach((series, place) => this.#tagTexts.set(series, members.texts[place]!));
    this.#tagChars += members.chars + wanted.length;
    return true;
  }

  /** Where values of some series, ascending, are: in one range when few others are between. */
  #rangesOf(tag: Member, wanted: readonly number[]): (readonly [first: number, end: number])[] {
    if (wanted.length === 0) return [];
    const range = [wanted[0]!, wanted.at(-1)! + 1] as const;
    if (this.#memtable.valuesBetween(tag, ...range).count <= PASSED_PER_LOOK * wanted.length) return [range];
    return wanted.map((series) => [series, series + 1] as const);
  }

  /** Writes the lines of rows of a block that have fields gathered, or of those without a line yet. */
  async #writeLines(sink: ByteSink, block: Block, fields: Members, written: Set<number>, isForOthers = false): Promise<void> {
    for (let place = 0; place < block.seqs.length;) {
      let lines = '';
      for (; place < block.seqs.length && lines.length < STEP_TEXT; place += 1) {
        if (isForOthers ? written.has(place) : fields.texts[place] === '') continue;
        lines += this.#line(block, place, fields.texts[place]!);
        fields.texts[place] = '';
        written.add(place);
      }
      await sink.append(Buffer.from(lines));
      this.#memtable.noteWait();
      await this.#memtable.turnWhenFull(workOf(lines.length));
    }
    fields.chars = 0;
  }

  #line({ first, seqs }: Block, place: number, fields: string): string {
    const row = first + place;
    const time = this.#memtable.timeOf(row);
    const nanos = ((time % NANOS_PER_MICRO) + NANOS_PER_MICRO) % NANOS_PER_MICRO;
    const own = `{"${TIME}":${(time - nanos) / NANOS_PER_MICRO},"${NANOS}":${nanos},"${SEQ}":${seqs[place]},"${ROW_NUMBER}":${row}`;
    return `${own}${this.#tagTexts.get(this.#memtable.seriesOf(row))!}${fields}}\n`;
  }
}

/** The rows of spans in the order of the memtable. */
function* blocksOf(spans: FlushSpans): Generator<Block> {
  let first = 0;
  let seqs: number[] = [];
  for (const { seq, rowEnd, rowFirst } of spans) {
    for (let row = rowFirst; row < rowEnd; row += 1) {
      if (seqs.length === BLOCK_ROWS || first + seqs.length !== row) {
        if (seqs.length > 0) yield { first, seqs };
        first = row;
        seqs = [];
      }
      seqs.push(seq);
    }
  }
  if (seqs.length > 0) yield { first, seqs };
}
