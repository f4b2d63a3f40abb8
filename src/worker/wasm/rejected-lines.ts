/** The rejected lines of a body, read out of the WASM memory as text for the files of its database. */
import * as abi from '../../../assembly/layout/codes.js';
import { recordWriter, type RejectContext } from '../../rejects/reject-record.js';
import type { OutcomePlace } from './parsed.js';
import type { RejectedLines } from '../../model/line-error.js';

/** An answer has no room for more, however short they are. */
const MORE_MAX = 300;

/**
 * Reads the rejected lines of the body parsed last, in order; those that do not fit into the limit any more are left out.
 * @param bytesMax of the text
 */
export function readRejected({ buffer, outcomeAt, bodyAt }: OutcomePlace, context: RejectContext, bytesMax: number): RejectedLines {
  const view = new DataView(buffer);
  const word = (at: number): number => view.getUint32(at, true);
  const listAt = word(outcomeAt + abi.OUTCOME_LISTED_AT);
  const listed = word(outcomeAt + abi.OUTCOME_LISTED);
  const entryAt = (index: number): number => listAt + index * abi.REJECTED_ENTRY_BYTES;
  const toRecord = recordWriter(context);
  const records: string[] = [];
  let left = bytesMax;
  for (let index = 0; index < listed; index += 1) {
    const entry = entryAt(index);
    const bytes = word(entry + abi.REJECTED_BYTES);
    if (bytes > left) continue;
    const source = Buffer.from(buffer, bodyAt + word(entry + abi.REJECTED_AT), bytes);
    const record = toRecord({
      line: word(entry + abi.REJECTED_LINE), column: word(entry + abi.REJECTED_COLUMN), code: word(entry + abi.REJECTED_CODE), source,
    });
    const recordBytes = Buffer.byteLength(record);
    if (recordBytes > left) continue;
    left -= recordBytes;
    records.push(record);
  }
  // Memory of its own: what crosses to main is copied with all that a buffer shares.
  const text = new TextEncoder().encode(records.join(''));
  const more = Array.from({ length: Math.max(0, Math.min(listed - abi.ERRORS_MAX, MORE_MAX)) }, (_, i): [number, number] => {
    const entry = entryAt(abi.ERRORS_MAX + i);
    return [word(entry + abi.REJECTED_LINE), word(entry + abi.REJECTED_CODE)];
  });
  return { text, kept: records.length, more, codes: readCodes(word, word(outcomeAt + abi.OUTCOME_CODES_AT)) };
}

function readCodes(word: (at: number) => number, at: number): [code: number, lines: number][] {
  const counts = Array.from({ length: abi.LINE_CODES }, (_, code): [number, number] => [code, word(at + code * 4)]);
  return counts.filter(([, lines]) => lines > 0);
}
