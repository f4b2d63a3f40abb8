/** A hundred bodies of a few hundred KiB that unpack to 60 MiB each, at once, with little memory for rows: the process stays small. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { post, writePath, type Reply } from './client.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const MiB = 1024 * 1024;
const BODIES = 100;
const UNPACKED_BYTES = 60 * MiB;
const RSS_BYTES_MAX = 640 * MiB;
const WAIT_MS_MAX = 120_000;
const FLAGS = ['--without-auth', '--workers', '2', '--max-memory', '256MiB'];

const SHAPES: Readonly<Record<string, (i: number) => string>> = {
  'long strings': (i) => `m,host=h${i % 10} s="${'x'.repeat(3000)}" ${i}\n`,
  'ten numbers a line': (i) => `m,host=h${i % 10} a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=10 ${i % 1000}\n`,
  'short lines': (i) => `measurement_of_a_short_line v=1 ${i % 1000}\n`,
};

/** The most memory the process ever had. */
function peakBytes({ child }: TestServer): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]);
}

function makeBody(line: (i: number) => string): Buffer {
  const lines: string[] = [];
  for (let i = 0, bytes = 0; bytes < UNPACKED_BYTES && i < 1_990_000; i += 1) {
    const text = line(i);
    lines.push(text);
    bytes += text.length;
  }
  return gzipSync(Buffer.from(lines.join('')), { level: 9 });
}

for (const [name, line] of Object.entries(SHAPES)) {
  test(name, { timeout: 600_000 }, async () => {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir, FLAGS);
      const packed = makeBody(line);
      const send = (): Promise<Reply> => post(server.url, writePath('/api/v2/write', 'd', 'ns'), packed, { headers: { 'Content-Encoding': 'gzip' } });
      const replies = await Promise.all(Array.from({ length: BODIES }, send));
      for (const { status, body } of replies) assert.ok(status === 204 || status === 503, `${status} ${body}`);
      // Who sends again is served in the end.
      let stored = 0;
      for (const end = performance.now() + WAIT_MS_MAX; stored < 3; await new Promise((resolve) => setTimeout(resolve, 200))) {
        const { status, body } = await send();
        if (status === 204) stored += 1;
        else assert.equal(status, 503, body);
        assert.ok(performance.now() < end, body);
      }
      assert.ok(peakBytes(server) <= RSS_BYTES_MAX, `${Math.round(peakBytes(server) / MiB)} MiB`);
      await server.kill();
      const again = await TestServer.start(dataDir, FLAGS);
      for (const end = performance.now() + WAIT_MS_MAX; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
        if (/sluice_replaying 0/.test(await (await fetch(`${again.url}/metrics`)).text())) break;
        assert.ok(performance.now() < end, again.said);
      }
      assert.ok(peakBytes(again) <= RSS_BYTES_MAX, `${Math.round(peakBytes(again) / MiB)} MiB while rows are read back`);
      assert.equal(await again.stop(), 0);
    } finally {
      removeDataDir(dataDir);
    }
  });
}
