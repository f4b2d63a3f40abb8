// Where a value goes whose own column has another kind: by the database's rules a wider column, one of its kind, or none.
// Replay asks with the rules of the frame: kinds never change, so it comes to the same columns.
import { COLUMN_KEY_HASH, COLUMN_KIND, COLUMN_STRUCT_BYTES } from '../../layout/column';
import { KIND_F64, KIND_I64, KIND_TAG, RULE_SPLIT, RULE_WIDEN } from '../../layout/codes';
import { findColumn } from '../../memtable/table';
import { hashBytes } from '../../base/hash';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../../base/list';
import { namedAs } from './line-keys';
import { makeColumn } from './needed';
import { CELL_BITS, CELL_COLUMN, CELL_KEY_AT, CELL_KEY_BYTES, CELL_KIND, CELL_TARGET } from '../grammar/cells';

/** What stands behind the key, by kind, and at SUFFIX_FIELD for fields; each SUFFIX_BYTES long, filled up with zeros. */
const SUFFIX_BYTES: u32 = 10;
const SUFFIX_FIELD: u32 = 6;
const suffixes: usize = memory.data<u8>([
  95, 95, 116, 97, 103, 0, 0, 0, 0, 0, // __tag
  95, 95, 102, 108, 111, 97, 116, 0, 0, 0, // __float
  95, 95, 105, 110, 116, 101, 103, 101, 114, 0, // __integer
  95, 95, 117, 110, 115, 105, 103, 110, 101, 100, // __unsigned
  95, 95, 98, 111, 111, 108, 101, 97, 110, 0, // __boolean
  95, 95, 115, 116, 114, 105, 110, 103, 0, 0, // __string
  95, 95, 102, 105, 101, 108, 100, 0, 0, 0, // __field
]);

/** The kind of timeColumn: no value has it. */
export const KIND_NONE: u32 = 255;
/** Stands for the column of the key `time` of any table: one that takes no value of a line. */
export const timeColumn: usize = memory.data(COLUMN_STRUCT_BYTES, 8);
/** `time`, with bytes behind it that may be read. */
const TIME_KEY: usize = memory.data<u8>([116, 105, 109, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
store<u32>(timeColumn, KIND_NONE, COLUMN_KIND);
store<u64>(timeColumn, hashBytes(TIME_KEY, 4), COLUMN_KEY_HASH);

/** The key of the column asked for last. */
const key: usize = memory.data(LIST_BYTES, 8);

/** The column that the value of a judged cell goes into; replay may have found none, 0. */
@inline
export function targetOf(cell: usize): usize {
  const column = <usize>load<u32>(cell, CELL_COLUMN);
  return load<u32>(column, COLUMN_KIND) == load<u32>(cell, CELL_KIND) ? column : <usize>load<u32>(cell, CELL_TARGET);
}

/** The column for the value of a cell whose own column, of the table, has another kind; makes it by RULE_SPLIT. 0: none. */
export function findTarget(table: usize, cell: usize, rules: u32): usize {
  const column = <usize>load<u32>(cell, CELL_COLUMN);
  const has = load<u32>(column, COLUMN_KIND);
  const came = load<u32>(cell, CELL_KIND);
  if (rules & RULE_SPLIT) return splitColumn(table, cell, has, came);
  return rules & RULE_WIDEN && has == KIND_F64 && came == KIND_I64 && isExact(load<i64>(cell, CELL_BITS)) ? column : 0;
}

function isExact(integer: i64): bool {
  const float = <f64>integer;
  return float < 9223372036854775808.0 && <i64>float == integer;
}

/** By tag or field first, then by type; 0 when a column on the way is of a kind that does not fit, or is named by the line. */
function splitColumn(table: usize, cell: usize, has: u32, came: u32): usize {
  cutList(key, 0);
  const keyBytes = load<u32>(cell, CELL_KEY_BYTES);
  memory.copy(extendList(key, keyBytes), load<u32>(cell, CELL_KEY_AT), keyBytes);
  if (has == KIND_NONE || has == KIND_TAG || came == KIND_TAG) {
    const column = suffixed(table, came == KIND_TAG ? KIND_TAG : SUFFIX_FIELD, came);
    if (namedAs(column) != 0) return 0;
    const kind = load<u32>(column, COLUMN_KIND);
    if (kind == came) return column;
    if (kind == KIND_TAG || came == KIND_TAG) return 0;
  }
  const column = suffixed(table, came, came);
  return load<u32>(column, COLUMN_KIND) == came && namedAs(column) == 0 ? column : 0;
}

/** Puts a suffix behind the key and finds its column, or makes it. */
function suffixed(table: usize, index: u32, kind: u32): usize {
  const suffix = suffixes + index * SUFFIX_BYTES;
  let bytes = SUFFIX_BYTES;
  while (load<u8>(suffix + bytes - 1) == 0) bytes--;
  memory.copy(extendList(key, bytes), suffix, bytes);
  const hash = hashBytes(listAt(key), listUsed(key));
  const column = findColumn(table, listAt(key), listUsed(key), hash);
  return column == 0 ? makeColumn(table, kind, listAt(key), listUsed(key), hash) : column;
}
