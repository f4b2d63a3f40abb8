/** Where the lines of a body begin and end: InfluxDB 3's splitter with sluice's rules for CRLF, comments and open quotes. */

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NEWLINE = 0x0a, CARRIAGE_RETURN = 0x0d, SPACE = 0x20, TAB = 0x09;
const QUOTE = 0x22, HASH = 0x23, COMMA = 0x2c, EQUALS = 0x3d, BACKSLASH = 0x5c;

/** Bytes scanned in vain for closing quotes, beyond the body's length, after which every newline ends a line. */
const VAIN_SCAN_BYTES_MAX = 8 * 1024 * 1024;

/** A line that is neither blank nor a comment: leading blanks and the line end (with one CR) are not part of it. */
export interface Line {
  /** Physical line, from 1, of its first byte. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Its quotes are still open at the body's end: it is its first physical line, and lost. */
  readonly open: boolean;
}

/** Takes a whole body, gives its lines in order. A byte order mark before the first, comments (up to their newline) and blank lines are left out. */
export function splitLines(body: Uint8Array): Line[] {
  const lines: Line[] = [];
  let number = 1, bytesScannedInVain = 0;
  let at = BYTE_ORDER_MARK.every((byte, i) => body[i] === byte) ? BYTE_ORDER_MARK.length : 0;
  while (at < body.length) {
    const physicalEnd = newlineFrom(body, at);
    const text = skipBlanks(body, at, physicalEnd);
    let end = physicalEnd, open = false;
    if (body[text] !== HASH && bytesScannedInVain <= body.length + VAIN_SCAN_BYTES_MAX) {
      const found = lineEnd(body, at);
      if (found === null) {
        open = true;
        bytesScannedInVain += body.length - at;
      } else {
        end = found;
      }
    }
    const last = end > text && body[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    if (last > text && body[text] !== HASH) lines.push({ number, bytes: body.subarray(text, last), open });
    number += newlinesBetween(body, at, end) + 1;
    at = end + 1;
  }
  return lines;
}

/**
 * The end of the line that starts at `at`: its newline, or the body's end; null when the quotes are open there.
 * A quote counts only behind the first space and where more `=` than `,` stood unquoted; a backslash hides the next byte.
 */
function lineEnd(body: Uint8Array, at: number): number | null {
  let inFields = false, quoted = false, equals = 0, commas = 0;
  for (let i = at; i < body.length; i++) {
    const byte = body[i];
    if (byte === BACKSLASH) i++;
    else if (byte === NEWLINE && !quoted) return i;
    else if (byte === SPACE) inFields = true;
    else if (byte === EQUALS && inFields && !quoted) equals++;
    else if (byte === COMMA && inFields && !quoted) commas++;
    else if (byte === QUOTE && inFields && equals > commas) quoted = !quoted;
  }
  return quoted ? null : body.length;
}

function newlineFrom(body: Uint8Array, at: number): number {
  const found = body.indexOf(NEWLINE, at);
  return found < 0 ? body.length : found;
}

function skipBlanks(body: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (body[at] === SPACE || body[at] === TAB)) at++;
  return at;
}

function newlinesBetween(body: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (body[i] === NEWLINE) count++;
  return count;
}
