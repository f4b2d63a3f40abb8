// Makes docs/configuration.md out of dist/src/config.js: `--print` writes it to stdout instead.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helpOf, SETTINGS, variableOf } from '../dist/src/config.js';

const PAGE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/configuration.md');

const HEAD = `# Configuration

Everything can be set by a flag of \`sluice serve\` or by an environment variable. The flag wins; a variable that is empty
counts as not set. There is no configuration file. A wrong value, or two that contradict each other, stop the start with a
sentence and exit code 2. \`sluice serve --help\` prints the same list.

This page is made from the code: \`npm run docs\`.

## What the units mean

- **bytes**: a whole number, alone or with \`B\`, \`KiB\`, \`MiB\` or \`GiB\`; 1 KiB is 1,024 bytes. \`64MiB\` and \`67108864\` are
  the same.
- **time**: a whole number with \`ms\`, \`s\`, \`m\` or \`h\`, as in \`500ms\`, \`30s\`, \`10m\`, \`2h\`. The unit must be there.
- **count**: a whole number.
- **yes or no**: the flag alone means yes; the variable takes \`yes\`, \`true\`, \`1\`, \`no\`, \`false\` or \`0\`.
- **word**: one of the words in the column of bounds.
- **address**: \`HOST:PORT\`; \`:PORT\` means every address of the machine, of IPv4 and of IPv6, and IPv6 stands in brackets, as in \`[::1]:8181\`.
  \`serve --port 8086\` is short for \`--http-bind 127.0.0.1:8086\`.
- **address or none**: an address, or \`none\`.
- **path**, **file**: of a folder, of a file; relative ones are looked for where the server was started.
- **group**: the name or number of a group of this machine.
- **networks**: addresses and networks, with commas between them.

Both bounds are allowed. \`--data-dir\` and its variable mean the same to all commands that open a data folder.
`;

/** Headings, a sentence below each, and the flags that stand there. */
const GROUPS = [
  ['Listening and storing', 'Where clients reach the server, and where its data is; [proxies.md](proxies.md) says which port is for whom.', ['http-bind', 'http-compat-bind', 'http', 'idle-timeout', 'connections-max', 'data-dir', 'data-group']],
  ['Security', 'The README says more on [credentials](../README.md#credentials) and [TLS](../README.md#tls).', ['without-auth', 'metrics-open', 'admin-token-file', 'trusted-proxy', 'tls-cert', 'tls-key', 'tls-client-ca']],
  ['What writes mean', 'How timestamps, names and types are taken. The last two are for databases made from now on; `sluice database update` changes those of one that is there.', ['legacy-precision', 'database-names', 'tags', 'types']],
  ['Workers and memory', 'The server takes about `--max-memory`, `--queue-bytes-max`, and for each worker one body of `--body-bytes-max`; Node itself comes on top.', ['workers', 'inflate', 'max-memory', 'queue-bytes-max']],
  ['One body', 'What is over one of these costs the body, not its neighbours.', ['body-bytes-max', 'body-lines-max', 'task-time-max']],
  ['Log and disk', 'Every write is in the log until its rows are in files.', ['log-segment-bytes', 'log-bytes-max', 'disk-reserve', 'rejects-bytes-max']],
  ['Files of tables', 'Other engines see rows once they are in files: at so many rows of a table, at such an age, when memory or log fill up, or at `sluice flush`.', ['flush-rows-max', 'log-age-max', 'set-aside-age', 'table-state-bytes-max', 'table-log-age']],
  ['Limits of names', 'What needs more than these allow is refused: a database with its request, a table or column with its line.', ['databases-max', 'tables-max', 'columns-max', 'column-name-bytes-max', 'names-bytes-max']],
  ['Queries', 'Of SQL over HTTP, which runs in processes of its own; `sluice query` has `--query-memory` alone.', ['queries-max', 'query-time-max', 'query-memory']],
  ['Compaction', 'Files of tables are put together into fewer, in a thread of its own.', ['maintenance-cpu', 'maintenance-memory']],
  ['Messages', 'The server says what it does on stderr, a line of JSON each; of text where that is a terminal.', ['log-level']],
];

const TAIL = `
## What goes together

- \`--body-bytes-max\` is at most \`--queue-bytes-max\`: a larger body could never be received.
- \`--max-memory\` is at most 1 GiB for each of \`--workers\`: one worker can hold no more rows.
- \`--log-segment-bytes\` is at most \`--log-bytes-max\`: only closed files of the log can go.
- \`--databases-max\` is at most \`--tables-max\`: a database without a table is of no use.
- \`--tls-cert\` and \`--tls-key\` go together; \`--tls-client-ca\` needs both, and not \`--http uws\`.
`;

/** Defaults that the machine decides, in words. */
const DECIDED_HERE = { 'workers': 'one a core', 'query-memory': 'a quarter of the memory' };

/** The bounds of a setting as its help says them: the help has no other words between default and variable. */
function boundsOf(setting) {
  const { description, unit } = setting;
  const before = `${description} (${unit}, ${setting.default === '' ? 'no default' : `default ${setting.default}`}`;
  const behind = `; ${variableOf(setting)})`;
  const help = helpOf(setting);
  if (!help.startsWith(before) || !help.endsWith(behind)) throw new Error(`the help of --${setting.flag} is made in another way: ${help}`);
  return help.slice(before.length, -behind.length).replace(/^, (one of )?/, '');
}

function row(setting) {
  const value = DECIDED_HERE[setting.flag] ?? (setting.default === '' ? 'none' : `\`${setting.default}\``);
  const sentence = setting.description.charAt(0).toUpperCase() + setting.description.slice(1).replace(/<[^>]+>\S*/, '`$&`');
  return `| \`--${setting.flag}\` | \`${variableOf(setting)}\` | ${value} | ${setting.unit} | ${boundsOf(setting)} | ${sentence}. |\n`;
}

/** The section of a group. @throws Error for a flag that there is not */
function section([heading, sentence, flags]) {
  const rows = flags.map((flag) => {
    const setting = SETTINGS.find((candidate) => candidate.flag === flag);
    if (setting === undefined) throw new Error(`the group ${heading} names --${flag}, which is no setting`);
    return row(setting);
  });
  return `\n## ${heading}\n\n${sentence}\n\n| flag | variable | default | unit | bounds | what |\n|---|---|---|---|---|---|\n${rows.join('')}`;
}

const grouped = new Set(GROUPS.flatMap(([, , flags]) => flags));
const missing = SETTINGS.find(({ flag }) => !grouped.has(flag));
if (missing !== undefined) throw new Error(`--${missing.flag} stands in no group of scripts/configuration-page.mjs`);
const page = HEAD + GROUPS.map((group) => section(group)).join('') + TAIL;
if (process.argv[2] === '--print') process.stdout.write(page);
else writeFileSync(PAGE, page);
