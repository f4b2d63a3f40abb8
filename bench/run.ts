/** `npm run bench`: prints one run's figures as Markdown, ready for RESULTS.md, or compares two revisions. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { compare } from './compare.js';
import { loadPart, partNames } from './parts.js';
import { markdown } from './table.js';

const USAGE = `usage: npm run bench -- [parts...]                                 measure (all parts when none is named)
       npm run bench -- --compare REV [--rounds N] [--own] [parts...]
           measure REV and this tree in turn; --own: each by its own benchmarks, where files moved in between
parts: ${partNames.join(', ')}
`;

interface Order {
  readonly parts: readonly string[];
  readonly revision: string | undefined;
  readonly rounds: number;
  /** Compare each revision by its own benchmarks. */
  readonly own: boolean;
  /** Print tables as JSON, one part a line: what a comparison reads. */
  readonly json: boolean;
}

/** @throws Error with a sentence */
function readOrder(): Order {
  const options = { compare: { type: 'string' }, rounds: { type: 'string', default: '3' }, own: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.filter((name) => !partNames.includes(name));
  if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds must be a number above 0, not ${values.rounds}`);
  const parts = positionals.length === 0 ? partNames : partNames.filter((name) => positionals.includes(name));
  return { parts, revision: values.compare, rounds, own: values.own, json: values.json };
}

const say = (text: string): void => void process.stdout.write(text);

async function measure({ parts, json }: Order): Promise<void> {
  for (const name of parts) {
    const part = await loadPart(name);
    const tables = await part.run();
    say(json ? `${JSON.stringify(tables)}\n` : `\n${part.about}\n\n${tables.map(markdown).join('\n')}`);
  }
}

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

let order: Order;
try {
  order = readOrder();
} catch (error) {
  fail(`${(error as Error).message}\n${USAGE}`, 2);
}
if (!order.json) say(`Node ${process.version}, ${cpus().length} × ${cpus()[0]!.model.trim()}, ${process.platform}\n`);
try {
  if (order.revision === undefined) await measure(order);
  else await compare({ ...order, revision: order.revision }, say);
} catch (error) {
  fail((error as Error).message, 1);
}
