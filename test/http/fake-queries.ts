/** SQL that nobody runs: remembers what was asked, and answers what it is told to. */
import type { SqlAccess, SqlQuestion } from '../../src/http/api/sql-access.js';

export class FakeQueries implements SqlAccess {
  readonly asked: SqlQuestion[] = [];
  answer: (question: SqlQuestion, gone: AbortSignal) => AsyncIterable<Uint8Array> = async function* () {
    yield Buffer.from('[]\n');
  };

  async ask(question: SqlQuestion, gone: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.asked.push(question);
    return this.answer(question, gone);
  }
}
