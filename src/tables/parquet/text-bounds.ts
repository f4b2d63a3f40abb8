/** Short bounds of long texts (rule R2 of docs/tables.md, also good for a footer). All texts are valid UTF-8. */

const CODE_POINTS_MAX = 32;
/** Bytes that hold at least CODE_POINTS_MAX + 1 code points, each of at most 4 bytes. */
const PREFIX_BYTES = 4 * (CODE_POINTS_MAX + 1);
const SURROGATE_FIRST = 0xd800;
const SURROGATE_END = 0xe000;
const CODE_POINT_MAX = 0x10ffff;

interface TextBound {
  readonly text: string;
  /** It is the value itself. */
  readonly exact: boolean;
}

/** A text at or below `utf8` in byte order, of at most 32 code points. */
export function lowerBound(utf8: Uint8Array): TextBound {
  const points = prefixOf(utf8);
  if (points.length <= CODE_POINTS_MAX) return { text: points.join(''), exact: true };
  return { text: points.slice(0, CODE_POINTS_MAX).join(''), exact: false };
}

/** A text at or above `utf8` in byte order, of at most 32 code points; the whole value where none of those is above it. */
export function upperBound(utf8: Uint8Array): TextBound {
  const points = prefixOf(utf8);
  if (points.length <= CODE_POINTS_MAX) return { text: points.join(''), exact: true };
  for (let last = CODE_POINTS_MAX - 1; last >= 0; last--) {
    const raised = next(points[last]!.codePointAt(0)!);
    if (raised <= CODE_POINT_MAX) return { text: points.slice(0, last).join('') + String.fromCodePoint(raised), exact: false };
  }
  return { text: Buffer.from(utf8).toString(), exact: true };
}

/** The first code points: all of them when there are at most 32, else at least 33. */
function prefixOf(utf8: Uint8Array): string[] {
  if (utf8.length <= PREFIX_BYTES) return [...Buffer.from(utf8).toString()];
  let end = PREFIX_BYTES;
  while ((utf8[end]! & 0xc0) === 0x80) end--;
  return [...Buffer.from(utf8.subarray(0, end)).toString()];
}

/** The next code point that UTF-8 can hold. */
function next(codePoint: number): number {
  return codePoint + 1 === SURROGATE_FIRST ? SURROGATE_END : codePoint + 1;
}
