// Where the lines of an input end, without parsing them: for whoever cuts a long text into bodies.
import { INPUT_PADDING } from '../layout/codes';
import { input } from './input';
import { HASH, NEWLINE } from './grammar/characters';
import { beginLines, blankLineEnd, findLineEnd, lineEnd, lineIsOpen, lineNewlines, markEnd, nextLine, skipBlanks } from './grammar/lines';

/** What the last scanLines passed. */
let lines: u32 = 0;
let physicalLines: u32 = 0;

/** Lines, blank ones apart, that the last scanLines passed. */
export function scannedLines(): u32 {
  return lines;
}

/** Physical lines that the last scanLines passed. */
export function scannedPhysicalLines(): u32 {
  return physicalLines;
}

/**
 * Passes whole lines of the input buffer, from the line that starts at offset `from`. Stops at a comment, after
 * `linesMax` lines, and at a line whose end does not stand in the input: its newline is missing or its string is open.
 * @param isLast the text ends with the input: then its last line ends there, and an open string costs its physical line
 * @returns the offset at which it stopped, which is where a line starts or `bytes`
 */
export function scanLines(from: u32, bytes: u32, linesMax: u32, isLast: bool): u32 {
  const body = input(0);
  const end = body + bytes;
  memory.fill(end, 0, INPUT_PADDING);
  beginLines(bytes);
  lines = 0;
  physicalLines = 0;
  let start = body + from;
  while (start < end) {
    const at = skipBlanks(start == body ? markEnd(body, end) : start);
    if (at < end && <u32>load<u8>(at) == HASH) break;
    let next = blankLineEnd(at, end);
    const isBlank = next != 0;
    if (!isBlank) {
      if (lines == linesMax) break;
      findLineEnd(start, at, end);
      // A line that ends with the input and not at a newline: its last newline may be escaped.
      if (!isLast && (lineIsOpen || lineEnd == end)) break;
      next = nextLine;
    }
    next = min(next, end);
    if (!isLast && <u32>load<u8>(next - 1) != NEWLINE) break;
    if (!isBlank) lines++;
    physicalLines += isBlank ? 1 : lineNewlines + 1;
    start = next;
  }
  return <u32>(start - body);
}
