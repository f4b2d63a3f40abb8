/** A statement run by DuckDB alone, in a process of its own: what `sluice query` is held against. */
import { openDuck } from '../src/query/duckdb.js';

const duck = await openDuck('memory_of_its_own');
const { rows } = await duck.stream(process.argv[2]!);
let count = 0;
for await (const chunk of rows) count += chunk.length;
duck.close();
process.stdout.write(`${count}\n`);
