/** What became of the lines of bodies that were parsed. Once all that was parsed has ended: parsed = accepted + rejected + given up. */
import { LINE_ERRORS } from '../errors.js';
import type { AcceptedBody, RefusedBody } from '../worker/protocol.js';

export class LineCounts {
  parsed = 0;
  /** Stored. */
  accepted = 0;
  /** Found bad, also in bodies that were not stored. */
  rejected = 0;
  /** Good lines of bodies that were not stored: all or nothing was asked, or the log did not take them. */
  givenUp = 0;
  /** Rejected lines by LINE_*. */
  readonly #byCode = new Float64Array(LINE_ERRORS.length);
  /** Points stored by the name of the database. */
  readonly byDatabase = new Map<string, number>();

  /** Counts a body at its end. */
  note(database: string, { lines, accepted, rejected, rejectedLines }: AcceptedBody | RefusedBody, isStored: boolean): void {
    this.parsed += lines;
    this.rejected += rejected;
    if (isStored) {
      this.accepted += accepted;
      this.byDatabase.set(database, (this.byDatabase.get(database) ?? 0) + accepted);
    } else {
      this.givenUp += lines - rejected;
    }
    if (rejectedLines !== null) for (const [code, count] of rejectedLines.codes) this.#byCode[code]! += count;
  }

  /** A database was dropped: its points are counted no more, and from 0 if it is made anew. */
  forget(database: string): void {
    this.byDatabase.delete(database);
  }

  /** Rejected lines by the name of the code, those that occurred. */
  byCode(): [name: string, lines: number][] {
    return LINE_ERRORS.map(({ name }, code): [string, number] => [name, this.#byCode[code]!]).filter(([, lines]) => lines > 0);
  }
}
