/** Seqs given up: their records may stand in the log, and do not count. */

/** Both ends belong to it. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

export function encodeGivenUp(range: SeqRange): Buffer {
  return Buffer.from(JSON.stringify({ from: range.from, to: range.to }));
}

/** @returns null when the payload of the record is not what `encodeGivenUp` writes */
export function decodeGivenUp(payload: Buffer): SeqRange | null {
  const match = /^\{"from":(\d{1,16}),"to":(\d{1,16})\}$/.exec(payload.toString('latin1'));
  return match === null ? null : { from: Number(match[1]), to: Number(match[2]) };
}

export function isIn(ranges: readonly SeqRange[], seq: number): boolean {
  return ranges.some(({ from, to }) => seq >= from && seq <= to);
}
