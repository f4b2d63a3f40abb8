/** A million parsed rows into files: sort, encode, Snappy, footers. */
import { median, secondsSince } from './measure.js';
import { countingStore, longestSlice } from './flush-probe.js';
import { Session } from './session.js';
import { fixed, short, type Part, type Row } from './table.js';
import { telegraf, tsbs } from './workloads/generated.js';
import { bytesOf, type Workload } from './workloads/workload.js';

const ROUNDS = 3;
const SIZE = { lines: 1_000_000, linesPerBody: 5000 };

export const part: Part = {
  about: `Rows that stand in the memtables into files in memory (bytes counted, not kept), table after table; CPU time, median of ${ROUNDS} flushes of the same rows. MB/s are of line protocol. The longest slice is the most time between two turns of the event loop (CPU or wall, whichever is less).`,
  async run() {
    const rows = [await flushRow(tsbs(SIZE)), await flushRow(telegraf(SIZE))];
    return [{ title: 'flush', columns: ['MB', 'rows', 'files', 'MB/s', 'M rows/s', 'MB of files', 'longest slice ms'], rows }];
  },
};

async function flushRow(workload: Workload): Promise<Row> {
  const session = new Session();
  session.write(workload);
  const rounds: { readonly seconds: number; readonly slice: number; readonly bytes: number; readonly files: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const store = countingStore();
    let files = 0;
    const before = process.cpuUsage();
    const slice = await longestSlice(async () => void (files = (await session.flush(store)).length));
    rounds.push({ seconds: secondsSince(before), slice, bytes: store.bytes, files });
  }
  const bytes = bytesOf(workload);
  const seconds = median(rounds.map((round) => round.seconds));
  const { files, bytes: fileBytes } = rounds[0]!;
  const slice = median(rounds.map((round) => round.slice));
  return {
    name: workload.name,
    cells: [fixed(bytes / 1e6), fixed(session.rows()), fixed(files), fixed(bytes / seconds / 1e6), short(session.rows() / seconds / 1e6), fixed(fileBytes / 1e6, 1), fixed(slice * 1e3, 1)],
    speed: bytes / seconds / 1e6,
  };
}
