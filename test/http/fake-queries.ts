/** SQL that nobody runs: remembers what was asked, and answers what it is told to. */
import type { SqlAccess, SqlQuestion, SqlResult } from '../../src/http/api/sql-access.js';

export class FakeQueries implements SqlAccess {
  readonly asked: SqlQuestion[] = [];
  warnings: readonly string[] = [];
  answer: (question: SqlQuestion, gone: AbortSignal) => AsyncIterable<Uint8Array> = async function* () {
    yield Buffer.from('[]\n');
  };

  async ask(question: SqlQuestion, gone: AbortSignal): Promise<SqlResult> {
    this.asked.push(question);
    return { pieces: this.answer(question, gone), warnings: this.warnings };
  }
}
