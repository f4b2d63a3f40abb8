// Tables by id and by name: what a worker knows of the server's catalog.
import {
  TABLE_CREATED, TABLE_DATABASE, TABLE_FLUSHED_TO, TABLE_NAME_AT, TABLE_NAME_BYTES, TABLE_NAME_HASH,
  TABLE_SERIES_EPOCH, TABLE_SET_ASIDE, TABLE_SLOT_HASH,
} from '../layout/table';
import { equalBytes, hashBytes } from '../base/hash';
import { secretHash } from '../base/secret-hash';
import { forgetHints } from './cache/column-hints';
import { forgetRare } from './cache/one-off-series';
import { forgetSeries } from './cache/series-cache';
import { give, regrow, take } from './memory';
import { addColumn, createTable, findColumn, freeTable } from './table';

const SLOTS_MIN: u32 = 64;
const IDS_MIN: u32 = 64;

/** u32 by id: address of the table or 0. */
let byId: usize = 0;
let idsCapacity: u32 = 0;
/** Open addressing from (database, measurement) to table address, at most half full. */
let slots: usize = 0;
let slotsMask: u32 = 0;
let count: u32 = 0;

/** Number of tables, provisional ones included. */
export function tableCount(): u32 {
  return count;
}

/** Address of a table's struct (TABLE_* of layout/table.ts), or 0. */
export function tableAt(id: u32): usize {
  return id < idsCapacity ? <usize>load<u32>(byId + (id << 2)) : 0;
}

/** Ids of tables are below it. */
export function tableIdsEnd(): u32 {
  return idsCapacity;
}

/** Defines a table or, when the id is known, states its numbers anew. */
export function defineTable(id: u32, databaseId: u32, nameAt: usize, nameBytes: u32, created: f64, flushedTo: f64): void {
  let table = tableAt(id);
  if (table == 0) {
    table = createTable(id, databaseId, nameAt, nameBytes, hashBytes(nameAt, nameBytes));
    reserveIds(id);
    store<u32>(byId + (id << 2), <u32>table);
    addTable(table);
  }
  store<f64>(table, created, TABLE_CREATED);
  store<f64>(table, flushedTo, TABLE_FLUSHED_TO);
}

/** Defines a column of a known table; nothing when the table has one of that key. Columns are defined by rising id. */
export function defineColumn(tableId: u32, columnId: u32, kind: u32, keyAt: usize, keyBytes: u32): void {
  const table = tableAt(tableId);
  const hash = hashBytes(keyAt, keyBytes);
  if (table == 0 || findColumn(table, keyAt, keyBytes, hash) != 0) return;
  addColumn(table, columnId, kind, keyAt, keyBytes, hash);
}

/** States up to which seq the rows of a table are in files. */
export function setFlushedTo(tableId: u32, number: f64): void {
  const table = tableAt(tableId);
  if (table != 0) store<f64>(table, number, TABLE_FLUSHED_TO);
}

/** Has new lines of a table rejected, or accepted again. Only the exact path rejects, so no cached series may be good then. */
export function setAside(tableId: u32, isSetAside: bool): void {
  const table = tableAt(tableId);
  if (table == 0 || load<u32>(table, TABLE_SET_ASIDE) == <u32>isSetAside) return;
  store<u32>(table, <u32>isSetAside, TABLE_SET_ASIDE);
  store<u32>(table, load<u32>(table, TABLE_SERIES_EPOCH) + 1, TABLE_SERIES_EPOCH);
}

/** Forgets a table and frees its rows; series of all tables are to be met anew. */
export function dropTable(id: u32): void {
  const table = tableAt(id);
  if (table == 0) return;
  store<u32>(byId + (id << 2), 0);
  removeTable(table);
  forgetRare(table);
  forgetSeries();
  forgetHints();
  freeTable(table);
}

function reserveIds(id: u32): void {
  if (id < idsCapacity) return;
  const capacity = max(max(idsCapacity << 1, id + 1), IDS_MIN);
  byId = regrow(byId, idsCapacity << 2, idsCapacity << 2, capacity << 2);
  memory.fill(byId + (idsCapacity << 2), 0, (capacity - idsCapacity) << 2);
  idsCapacity = capacity;
}

/** Slots are by name: databases share their names' hashes, so the database is mixed in. */
@inline
function slotHash(databaseId: u32, nameAt: usize, nameBytes: u32): u32 {
  return secretHash(nameAt, nameBytes) + databaseId * 0x9E3779B1;
}

/** Where the table's slot would be best. Its name is not looked at: it may be long, and others' slots are asked for. */
@inline
function homeOf(table: usize): u32 {
  return load<u32>(table, TABLE_SLOT_HASH) & slotsMask;
}

/** The table of a database with that unescaped measurement, or 0. */
export function findTable(databaseId: u32, nameAt: usize, nameBytes: u32, nameHash: u64): usize {
  if (slots == 0) return 0;
  let slot = slotHash(databaseId, nameAt, nameBytes) & slotsMask;
  let table = <usize>load<u32>(slots + (slot << 2));
  while (table != 0 && !(load<u64>(table, TABLE_NAME_HASH) == nameHash && isNamed(table, databaseId, nameAt, nameBytes))) {
    slot = (slot + 1) & slotsMask;
    table = load<u32>(slots + (slot << 2));
  }
  return table;
}

/** Whether the table has that database and unescaped measurement. */
export function isNamed(table: usize, databaseId: u32, nameAt: usize, nameBytes: u32): bool {
  return load<u32>(table, TABLE_NAME_BYTES) == nameBytes
    && load<u32>(table, TABLE_DATABASE) == databaseId
    && equalBytes(load<u32>(table, TABLE_NAME_AT), nameAt, nameBytes);
}

/** Makes a table known by its name. */
export function addTable(table: usize): void {
  store<u32>(table, slotHash(load<u32>(table, TABLE_DATABASE), load<u32>(table, TABLE_NAME_AT), load<u32>(table, TABLE_NAME_BYTES)), TABLE_SLOT_HASH);
  if (slots == 0 || (count + 1) << 1 > slotsMask + 1) growSlots();
  putSlot(table);
  count++;
}

function growSlots(): void {
  const before = slots;
  const slotsBefore: u32 = before == 0 ? 0 : slotsMask + 1;
  const slotsNow = max(slotsBefore << 1, SLOTS_MIN);
  slots = take(slotsNow << 2);
  memory.fill(slots, 0, slotsNow << 2);
  slotsMask = slotsNow - 1;
  for (let i: u32 = 0; i < slotsBefore; i++) {
    const table = load<u32>(before + (i << 2));
    if (table != 0) putSlot(table);
  }
  give(before, slotsBefore << 2);
}

function putSlot(table: usize): void {
  let slot = homeOf(table);
  while (load<u32>(slots + (slot << 2)) != 0) slot = (slot + 1) & slotsMask;
  store<u32>(slots + (slot << 2), <u32>table);
}

/** Makes a table unknown by its name: later entries of its probe sequence move up. */
export function removeTable(table: usize): void {
  let hole = homeOf(table);
  while (load<u32>(slots + (hole << 2)) != <u32>table) hole = (hole + 1) & slotsMask;
  for (let slot = (hole + 1) & slotsMask; ; slot = (slot + 1) & slotsMask) {
    const other = <usize>load<u32>(slots + (slot << 2));
    if (other == 0) break;
    const home = homeOf(other);
    if (((slot - home) & slotsMask) >= ((slot - hole) & slotsMask)) {
      store<u32>(slots + (hole << 2), <u32>other);
      hole = slot;
    }
  }
  store<u32>(slots + (hole << 2), 0);
  count--;
}
