/** What a process that runs queries does: one order after another. DuckDB is loaded here, and in no server. */
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { systemDisk } from '../disk.js';
import { writeResult } from './format.js';
import { PIECE_BYTES, PIECES_MAX, type Fault, type FromQuery, type QueryOrder, type ToQuery } from './query-protocol.js';
import { runSelect } from './run-query.js';
import { QueryRefused } from './select-check.js';
import type { QueryTable } from './views.js';

/** Below the folder of the query. */
const PARQUET_FILE = 'result.parquet';

/** The order under way. */
class Running {
  readonly #order: QueryOrder;
  readonly #stopped = new AbortController();
  /** Pieces sent and not taken. */
  #onTheirWay = 0;
  #onMore: () => void = () => undefined;
  #onTables: (answer: Extract<ToQuery, { say: 'tables' | 'no-tables' }>) => void = () => undefined;

  constructor(order: QueryOrder) {
    this.#order = order;
    this.#stopped.signal.addEventListener('abort', () => {
      this.#onMore();
      this.#onTables({ say: 'no-tables', reason: 'the query was ended' });
    });
  }

  take(message: Exclude<ToQuery, { say: 'run' }>): void {
    if (message.say === 'stop') this.#stopped.abort(new Error('the query was ended'));
    else if (message.say === 'more') {
      this.#onTheirWay -= 1;
      this.#onMore();
    } else this.#onTables(message);
  }

  async run(): Promise<void> {
    const { format, limits } = this.#order;
    const parquetTo = format === 'parquet' ? join(limits.spillFolder, PARQUET_FILE) : null;
    let text: string[] = [];
    let characters = 0;
    const send = async (): Promise<void> => {
      const bytes = Buffer.from(text.join(''));
      text = [];
      characters = 0;
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) await this.#send(bytes.subarray(at, at + PIECE_BYTES));
    };
    await runSelect({
      ...this.#order, parquetTo, signal: this.#stopped.signal,
      load: (tables) => this.#load(tables),
      onResult: (result) => writeResult(result, format === 'parquet' ? 'json' : format, async (piece) => {
        text.push(piece);
        characters += piece.length;
        if (characters >= PIECE_BYTES) await send();
      }),
    });
    await send();
    if (parquetTo !== null) await this.#sendFile(parquetTo);
  }

  #load(tables: readonly { readonly database: string; readonly measurement: string }[]): Promise<readonly QueryTable[]> {
    return new Promise((resolve, reject) => {
      this.#onTables = (answer) => (answer.say === 'tables' ? resolve(answer.tables) : reject(new Error(answer.reason)));
      tell({ say: 'load', tables: tables.map(({ database, measurement }) => ({ database, measurement })) });
    });
  }

  async #send(bytes: Uint8Array): Promise<void> {
    while (this.#onTheirWay >= PIECES_MAX) {
      this.#stopped.signal.throwIfAborted();
      await new Promise<void>((resolve) => (this.#onMore = resolve));
    }
    this.#stopped.signal.throwIfAborted();
    this.#onTheirWay += 1;
    tell({ say: 'piece', bytes });
  }

  async #sendFile(path: string): Promise<void> {
    const file = await systemDisk.open(path, 'read');
    try {
      for (let at = 0; ; at += PIECE_BYTES) {
        const piece = Buffer.allocUnsafe(PIECE_BYTES);
        const bytes = await file.read(piece, at);
        if (bytes > 0) await this.#send(piece.subarray(0, bytes));
        if (bytes < PIECE_BYTES) return;
      }
    } finally {
      await file.close();
    }
  }
}

function tell(message: FromQuery): void {
  process.send!(message);
}

function faultOf(error: Error): Fault {
  if (error instanceof QueryRefused) return 'refused';
  return error.message.includes('Out of Memory') ? 'memory' : 'failed';
}

/** Without DuckDB's advice on settings, which nobody can follow here. */
function reasonOf({ message }: Error): string {
  return message.split('\n\nPossible solutions')[0]!;
}

let running: Running | null = null;

async function obey(order: QueryOrder): Promise<void> {
  running = new Running(order);
  try {
    await running.run();
    tell({ say: 'done', heldBytes: process.memoryUsage.rss() });
  } catch (error) {
    tell({ say: 'failed', fault: faultOf(error as Error), reason: reasonOf(error as Error), heldBytes: process.memoryUsage.rss() });
  } finally {
    running = null;
  }
}

// Who writes comes before who reads.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on('message', (message: ToQuery) => {
  if (message.say === 'run') void obey(message.order);
  else running?.take(message);
});
// The server is no more, and DuckDB's threads would hold up an orderly end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The terminal's Ctrl-C is for the server, which ends what it began.
process.on('SIGINT', () => undefined);
