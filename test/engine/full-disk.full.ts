/** Starts on a disk without a free file, or without a free byte: always, with a sentence in /health, and whole again once there is room. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SmallDisk } from '../clients/telegraf/small-disk.js';
import { post } from '../e2e/client.js';
import { sluice, TestServer } from '../e2e/server.js';

const WITHIN_MS = 20_000;
const AGAIN_MS = 100;
const BYTES = 64 * 1024 * 1024;
const FILES = 3000;
const ARGS = ['--disk-reserve', '0B', '--workers', '1'];

interface Full {
  readonly fill: (disk: SmallDisk) => void;
  readonly empty: (disk: SmallDisk) => void;
}
const KINDS: Readonly<Record<string, Full>> = {
  'no free file': { fill: (disk) => disk.fillWithFiles(), empty: (disk) => disk.removeFiles() },
  'neither a free file nor a free byte': {
    fill: (disk) => {
      disk.fill();
      disk.fillWithFiles();
    },
    empty: (disk) => {
      disk.empty();
      disk.removeFiles();
    },
  },
};

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WITHIN_MS; performance.now() < end; ) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  throw new Error(`in vain waited for: ${what}`);
}

async function health(url: string): Promise<string> {
  return (await fetch(`${url}/health`)).text();
}

function write({ url }: TestServer, token: string, value: number): Promise<number> {
  return post(url, '/write?db=d', Buffer.from(`m v=${value}i ${value}`), { headers: { Authorization: `Token ${token}` } }).then(({ status }) => status);
}

/** Every folder that a start may make is to be made. */
function damage(dataDir: string): void {
  for (const name of ['rejects', 'quarantine', 'trash', 'tmp']) rmSync(join(dataDir, name), { recursive: true, force: true });
}

for (const [kind, { fill, empty }] of Object.entries(KINDS)) {
  for (const folder of ['in use', 'without a log', 'new'] as const) {
    test(`a start on a disk with ${kind}, the folder ${folder}`, async (t) => {
      const top = mkdtempSync(join(tmpdir(), 'sl-'));
      const disk = SmallDisk.mount(top, BYTES, FILES);
      if (typeof disk === 'string') {
        rmSync(top, { recursive: true, force: true });
        return t.skip(disk);
      }
      let server: TestServer | undefined;
      const dataDir = folder === 'new' ? top : join(top, 'd');
      try {
        if (folder !== 'new') {
          const first = await TestServer.start(dataDir, ARGS);
          assert.equal(await write(first, first.token, 1), 204);
          await first.kill();
          damage(dataDir);
          if (folder === 'without a log') rmSync(join(dataDir, 'log'), { recursive: true });
        }
        fill(disk);
        server = await TestServer.start(dataDir, ARGS);
        assert.match(await health(server.url), /no command can reach this server: the socket [^"]*sluice\.sock cannot be made, which is tried again: /);
        const second = sluice(['serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0']);
        assert.deepEqual([second.code, /the data folder is in use: process \d+ holds it/.test(second.stderr)], [1, true], second.stderr);
        const refused = await write(server, folder === 'new' ? 'none' : server.token, 2);
        assert.equal(refused, folder === 'new' ? 401 : 503);
        empty(disk);
        const { url } = server;
        await until('all to be well', async () => sluice(['database', 'list', '--data-dir', dataDir]).code === 0 && !/cannot be made|could not be written/.test(await health(url)));
        const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
        const healed = server;
        await until('a write to be taken', async () => (await write(healed, token, 3)) === 204);
        assert.equal(await server.stop(), 0);
        const { stdout } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', 'SELECT v FROM m ORDER BY v']);
        assert.match(stdout, folder === 'in use' ? /^v\r?\n1\r?\n3\r?\n$/ : /^v\r?\n3\r?\n$/);
      } finally {
        server?.child.kill('SIGKILL');
        disk.unmount();
        rmSync(top, { recursive: true, force: true });
      }
    });
  }
}
