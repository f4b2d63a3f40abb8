// Where a value goes whose own column has another kind: by the database's rules a wider column, one of its type, or none.
// Replay asks with the rules of the frame: kinds never change, so it comes to the same places.
import { COLUMN_KIND } from '../../layout/column';
import { KIND_F64, KIND_I64, KIND_TAG, RULE_SPLIT, RULE_WIDEN } from '../../layout/codes';
import { findColumn } from '../../memtable/table';
import { hashBytes } from '../../base/hash';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../../base/list';
import { makeColumn } from './needed';
import { CELL_BITS, CELL_COLUMN, CELL_KEY_AT, CELL_KEY_BYTES, CELL_KIND, CELL_PLACE } from '../grammar/cells';

/** What stands behind the key, by kind from KIND_F64 on, each SUFFIX_BYTES long, filled up with zeros. */
const SUFFIX_BYTES: u32 = 10;
const suffixes: usize = memory.data<u8>([
  95, 95, 102, 108, 111, 97, 116, 0, 0, 0, // __float
  95, 95, 105, 110, 116, 101, 103, 101, 114, 0, // __integer
  95, 95, 117, 110, 115, 105, 103, 110, 101, 100, // __unsigned
  95, 95, 98, 111, 111, 108, 101, 97, 110, 0, // __boolean
  95, 95, 115, 116, 114, 105, 110, 103, 0, 0, // __string
]);

/** The key of the column asked for last. */
const key: usize = memory.data(LIST_BYTES, 8);

/** The column that the value of a judged cell goes into. */
@inline
export function targetOf(cell: usize): usize {
  const column = <usize>load<u32>(cell, CELL_COLUMN);
  return load<u32>(column, COLUMN_KIND) == load<u32>(cell, CELL_KIND) ? column : <usize>load<u32>(cell, CELL_PLACE);
}

/** The column for the value of a cell whose own column, of the table, has another kind; makes it by RULE_SPLIT. 0: none. */
export function placeOf(table: usize, cell: usize, rules: u32): usize {
  const column = <usize>load<u32>(cell, CELL_COLUMN);
  const has = load<u32>(column, COLUMN_KIND);
  const came = load<u32>(cell, CELL_KIND);
  if (has == KIND_TAG || came == KIND_TAG) return 0;
  if (rules & RULE_SPLIT) return splitColumn(table, cell, came);
  return rules & RULE_WIDEN && has == KIND_F64 && came == KIND_I64 && isExact(load<i64>(cell, CELL_BITS)) ? column : 0;
}

function isExact(integer: i64): bool {
  const float = <f64>integer;
  return float < 9223372036854775808.0 && <i64>float == integer;
}

/** The column of the cell's key and type, made if there is none; 0 when one of another kind has its key. */
function splitColumn(table: usize, cell: usize, kind: u32): usize {
  const suffix = suffixes + (kind - KIND_F64) * SUFFIX_BYTES;
  let suffixBytes = SUFFIX_BYTES;
  while (load<u8>(suffix + suffixBytes - 1) == 0) suffixBytes--;
  const keyBytes = load<u32>(cell, CELL_KEY_BYTES);
  cutList(key, 0);
  const at = extendList(key, keyBytes + suffixBytes);
  memory.copy(at, load<u32>(cell, CELL_KEY_AT), keyBytes);
  memory.copy(at + keyBytes, suffix, suffixBytes);
  const hash = hashBytes(listAt(key), listUsed(key));
  const column = findColumn(table, at, listUsed(key), hash);
  if (column == 0) return makeColumn(table, kind, at, listUsed(key), hash);
  return load<u32>(column, COLUMN_KIND) == kind ? column : 0;
}
