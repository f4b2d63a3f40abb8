/** What commits of sluice prove of themselves: a checksum of their text, and the number of the commit before. DESIGN.md, section 8. */
import { crcOf } from '../crc.js';
import type { CheckedAction } from './action.js';

const CRC_AT_END = /,"sluiceCrc":"([0-9a-f]{8})"\}\}\n$/;
const APP_ID = /^sluice-([0-9a-f]{8})$/;
/** Files of a flush, and compacted ones. */
const DATA_FILE = /^([0-9a-f]{8})-(\d{16})-(c?)\d{1,16}\.parquet$/;

/** What the name of a data file of sluice says. */
export interface Origin {
  readonly node: string;
  readonly seq: number;
  readonly isCompacted: boolean;
}

/** Who wrote a data file and up to which seq its rows go, or null for a file of another writer. */
export function originOf(file: string): Origin | null {
  const [, node, seq, compacted] = DATA_FILE.exec(file) ?? [];
  return node === undefined ? null : { node, seq: Number(seq), isCompacted: compacted === 'c' };
}

/** Holds the commits of each node of sluice against one another. */
export class Marks {
  readonly #lastSeq = new Map<string, number>();
  /** The log is read from its first commit on, or from a checkpoint that names all seqs. */
  readonly #isWhole: boolean;

  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  /** A seq that a checkpoint names. */
  know(appId: string, seq: number): void {
    const [, node] = APP_ID.exec(appId) ?? [];
    if (node !== undefined) this.#lastSeq.set(node, seq);
  }

  /** The last seq of a node. */
  lastSeq(node: string): number {
    return this.#lastSeq.get(node) ?? 0;
  }

  /** What is wrong with the next commit by its marks, in sentences. @param text of the whole commit */
  faultsOf(text: string, actions: readonly CheckedAction[]): string[] {
    const txn = actions.map((action) => action.txn).find((each) => each != null && APP_ID.test(each.appId));
    const info = actions.map(({ commitInfo }) => commitInfo).find((each) => String(each?.engineInfo).startsWith('sluice/'));
    if (txn == null && info == null) return strangeFiles(actions).map((name) => `it adds ${name}, a file of sluice, and no sluice signed it`);
    const faults = crcFaults(text);
    if (info == null) return [...faults, 'it has a seq of sluice (txn) and no sluice signed it (commitInfo)'];
    if (txn == null) return [...faults, 'sluice signed it, and it has no seq (txn)'];
    const node = APP_ID.exec(txn.appId)![1]!;
    const before = this.lastSeq(node);
    const previous = info.sluicePrevious;
    // It flushes nothing, and puts files in place of others: its mark is that it repeats the seq before.
    const isReplacing = previous === txn.version;
    this.#lastSeq.set(node, Math.max(before, txn.version));
    if (previous !== undefined && previous !== before && (before > 0 || this.#isWhole)) faults.push(`it calls ${String(previous)} the seq of the commit before, which is ${before}`);
    if (txn.version < before || (txn.version === before && !isReplacing)) faults.push(`its seq ${txn.version} is not above ${before} of the commit before`);
    if (isReplacing && !CRC_AT_END.test(text)) faults.push(`it repeats the seq ${txn.version}, and has no checksum`);
    for (const name of addedFiles(actions)) {
      const origin = originOf(name);
      if (origin === null) continue;
      const fits = isReplacing ? origin.isCompacted : !origin.isCompacted && origin.seq === txn.version;
      if (origin.node !== node || !fits) faults.push(`it is of seq ${txn.version} of node ${node} and adds ${name}`);
    }
    return faults;
  }
}

/** Commits of sluice before the checksum have none. */
function crcFaults(text: string): string[] {
  const [tail, crc] = CRC_AT_END.exec(text) ?? [];
  if (tail === undefined) return text.includes('"sluiceCrc"') ? ['it does not end with its checksum (sluiceCrc)'] : [];
  return crc === crcOf(Buffer.from(text.slice(0, -tail.length))) ? [] : ['its checksum (sluiceCrc) is wrong'];
}

function addedFiles(actions: readonly CheckedAction[]): string[] {
  return actions.flatMap(({ add }) => (add == null ? [] : [add.path]));
}

/** Files of ours that are new in a commit which only another writer can have made. */
function strangeFiles(actions: readonly CheckedAction[]): string[] {
  return actions.flatMap(({ add }) => (add != null && add.dataChange && originOf(add.path) !== null ? [add.path] : []));
}
