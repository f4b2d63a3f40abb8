// The rows of the flush in progress: spans of a memtable, in the order of their seqs. Rows that were read back from files have
// seqs of their own and are one span.
import { FLUSH_SPAN_BYTES, FLUSH_SPAN_SEQ, FLUSH_SPAN_ROW_END, FLUSH_SPAN_ROW_FIRST } from '../layout/flush';
import { TABLE_SEQS } from '../layout/table';
import { takeScratch } from './scratch';

/** Address of the spans, FLUSH_SPAN_* each, and their number. */
let spans: usize = 0;
export let spanCount: u32 = 0;
/** Rows in all spans, and the range of memtable rows that holds them (others may lie between). */
export let rows: u32 = 0;
export let rowFirst: u32 = 0;
export let rowEnd: u32 = 0;
/** u32 a row of the range: its span. Written by the first look at the rows (row-scan.ts). */
export let spanOfRow: usize = 0;
/** i64 a row of the memtable: its seq, of rows that were read back, which nothing is added to during a flush; else 0. */
export let rowSeqs: usize = 0;

/** Whether rows that were read back become one where they are equal points, whatever their seqs. */
let combines: bool = false;

/** Takes up `count` spans at `at`, which have `all` rows, within [first, end) of the memtable. */
export function startSpans(table: usize, at: usize, count: u32, all: u32, first: u32, end: u32, doesCombine: bool): void {
  rowSeqs = <usize>load<u32>(table, TABLE_SEQS);
  combines = doesCombine;
  spans = at;
  spanCount = count;
  rows = all;
  rowFirst = first;
  rowEnd = end;
  spanOfRow = rowSeqs == 0 ? takeScratch(<usize>(end - first) << 2) : 0;
}

/** First memtable row of a span, by its index below spanCount. */
@inline
export function spanRowFirst(span: u32): u32 {
  return load<u32>(spans + <usize>span * FLUSH_SPAN_BYTES, FLUSH_SPAN_ROW_FIRST);
}

/** One past the last memtable row of a span. */
@inline
export function spanRowEnd(span: u32): u32 {
  return load<u32>(spans + <usize>span * FLUSH_SPAN_BYTES, FLUSH_SPAN_ROW_END);
}

/** The span of a memtable row that lies in one. */
@inline
function spanOf(row: u32): u32 {
  return load<u32>(spanOfRow + (<usize>(row - rowFirst) << 2));
}

/** Whether equal points in two rows become one: those of one body, and of rows that were read back all that may be combined. */
@inline
export function isOneSpan(a: u32, b: u32): bool {
  return rowSeqs != 0 ? combines || seqOf(a) == seqOf(b) : spanOf(a) == spanOf(b);
}

/** Seq of a row of the spans. */
@inline
export function seqOf(row: u32): i64 {
  if (rowSeqs != 0) return load<i64>(rowSeqs + (<usize>row << 3));
  return <i64>load<f64>(spans + <usize>spanOf(row) * FLUSH_SPAN_BYTES, FLUSH_SPAN_SEQ);
}
