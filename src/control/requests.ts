/** Takes what comes over a connection apart: lines, and after some of them the bytes of a body. */

const NEWLINE = 0x0a;
const LINE_BYTES_MAX = 1 << 20;
const BODY_BYTES_MAX = 1 << 30;
const NO_BODY = Buffer.alloc(0);

/** The bytes of a request: its line, or the length of its body, a space and the line, and then the body. */
export function requestBytes(line: string, body: Uint8Array): Uint8Array[] {
  return body.length === 0 ? [Buffer.from(`${line}\n`)] : [Buffer.from(`${body.length} ${line}\n`), body];
}

export class RequestReader {
  readonly #onRequest: (line: string, body: Buffer) => void;
  #lineParts: Buffer[] = [];
  #lineBytes = 0;
  /** The request whose body is being read. */
  #open: { readonly line: string; readonly body: Buffer; filled: number } | null = null;

  constructor(onRequest: (line: string, body: Buffer) => void) {
    this.#onRequest = onRequest;
  }

  /** Takes the next bytes of the connection. @returns false when a line or a body is longer than any may be */
  take(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length;) {
      if (this.#open !== null) {
        at += this.#fill(this.#open, chunk.subarray(at));
        continue;
      }
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline;
      this.#lineParts.push(chunk.subarray(at, end));
      this.#lineBytes += end - at;
      if (this.#lineBytes > LINE_BYTES_MAX) return false;
      at = end + 1;
      if (newline >= 0 && !this.#lineEnds()) return false;
    }
    return true;
  }

  #lineEnds(): boolean {
    const text = Buffer.concat(this.#lineParts).toString();
    this.#lineParts = [];
    this.#lineBytes = 0;
    const [, stated, line] = /^(\d{1,10}) (.*)$/s.exec(text) ?? [];
    if (stated === undefined) {
      this.#onRequest(text, NO_BODY);
      return true;
    }
    if (Number(stated) > BODY_BYTES_MAX) return false;
    this.#open = { line: line!, body: Buffer.allocUnsafe(Number(stated)), filled: 0 };
    if (this.#open.body.length === 0) this.#fill(this.#open, NO_BODY);
    return true;
  }

  /** Returns how many bytes were the body's. */
  #fill(open: { readonly line: string; readonly body: Buffer; filled: number }, bytes: Buffer): number {
    const taken = bytes.copy(open.body, open.filled);
    open.filled += taken;
    if (open.filled === open.body.length) {
      this.#open = null;
      this.#onRequest(open.line, open.body);
    }
    return taken;
  }
}
