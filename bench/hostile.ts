/** Hostile bodies of the largest size, two at once, and how long small writes beside them wait. */
import { gzipSync } from 'node:zlib';
import { post, writePath } from '../test/e2e/client.js';
import { makeDataDir, removeDataDir, TestServer } from '../test/e2e/server.js';
import { fixed, type Part, type Row } from './table.js';

const BODY_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 2;
/** The units that bodies repeat. */
const UNITS: Readonly<Record<string, string>> = {
  'newlines': '\n', 'carriage returns': '\r', 'spaces': ' ', 'hashes': '#', 'letters': 'a', 'commas': ',', 'equals': '=', 'quotes': '"',
  'backslashes': '\\', 'NUL': '\0', 'high bytes': 'é', 'hash, newline': '#\n', 'letter, newline': 'a\n', 'backslash, newline': '\\\n',
  'an open string a line': 'm f="\n', 'letter, comma': 'a,', 'a field over and over': 'f=1,',
};

export const part: Part = {
  about: `Hostile bodies: ${AT_ONCE} at once of ${BODY_BYTES / 1024 / 1024} MiB of one unit again and again, packed by gzip, to a server of default settings; beside them a line a request, one after another, until both are answered.`,
  async run() {
    const dataDir = makeDataDir();
    const rows: Row[] = [];
    try {
      const server = await TestServer.start(dataDir, ['--without-auth']);
      for (const [name, unit] of Object.entries(UNITS)) {
        const packed = gzipSync(Buffer.alloc(BODY_BYTES, unit));
        const begun = performance.now();
        let isOver = false;
        const hostile = Promise.all(Array.from({ length: AT_ONCE }, () => write(server.url, packed, true))).finally(() => (isOver = true));
        const waits: number[] = [];
        while (!isOver) {
          const sent = performance.now();
          const status = await write(server.url, Buffer.from('beside f=1'), false);
          if (status !== 204) throw new Error(`a small write beside ${name} is ${status}`);
          waits.push(performance.now() - sent);
        }
        const statuses = await hostile;
        rows.push({
          name,
          cells: [fixed(packed.length), statuses.join(', '), fixed((performance.now() - begun) / 1000, 2), fixed(waits.length), fixed(Math.max(...waits))],
          speed: 1 / Math.max(...waits),
        });
      }
      await server.stop();
    } finally {
      removeDataDir(dataDir);
    }
    return [{ title: 'hostile bodies', columns: ['packed bytes', 'status', 's until both are answered', 'small writes beside', 'the longest of them, ms'], rows }];
  },
};

async function write(url: string, body: Buffer, isPacked: boolean): Promise<number> {
  const { status } = await post(url, writePath('/api/v2/write', 'bench', 'ns'), body, isPacked ? { headers: { 'Content-Encoding': 'gzip' } } : {});
  return status;
}
