/** A database is dropped and made again with other types, with kill -9 at every step: no row of the first in the second. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { write, type Shape } from '../e2e/client.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from '../e2e/server.js';

const SHAPE: Shape = { endpoint: '/write', gzip: false, chunked: false };
const DATABASE = 'again';
const FIRST = ['t,tag=a v=1i,old=true 1', 't,tag=b v=2i 2', 'only_first v=1i 1'];
const SECOND = ['t,v=x tag=1.5 1', 't,v=y tag=2.5,old="text" 2'];

type Step = 'write-first' | 'flush-first' | 'drop' | 'write-second' | 'flush-second';
const STEPS: readonly Step[] = ['write-first', 'flush-first', 'drop', 'write-second', 'flush-second'];

class Life {
  readonly dataDir = makeDataDir();
  server!: TestServer;

  async start(): Promise<void> {
    this.server = await TestServer.start(this.dataDir, ['--without-auth', '--maintenance-cpu', '25']);
  }

  async do(step: Step): Promise<void> {
    if (step === 'drop') return this.#command(['database', 'delete', DATABASE]);
    if (step.startsWith('flush')) return this.#command(['flush']);
    const lines = step === 'write-first' ? FIRST : SECOND;
    const { status, body } = await write(this.server.url, DATABASE, Buffer.from(lines.join('\n')), SHAPE, 'ns');
    assert.equal(status, 204, body);
  }

  #command(args: readonly string[]): void {
    const { code, stderr } = sluice([...args, '--data-dir', this.dataDir]);
    assert.equal(code, 0, stderr);
  }

  rows(sql: string): string {
    const { stdout, stderr, code } = sluice(['query', '--data-dir', this.dataDir, '--database', DATABASE, '--format', 'csv', sql]);
    assert.equal(code, 0, stderr);
    return stdout.trim().replaceAll('\r', '');
  }

  verifySecond(): void {
    assert.equal(this.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'again'"), 'table_name\nt');
    assert.equal(this.rows('SELECT v, tag, old FROM t ORDER BY v'), 'v,tag,old\nx,1.5,\ny,2.5,text');
  }
}

for (const flushed of [true, false]) {
  for (let killAfter = 0; killAfter < STEPS.length; killAfter += 1) {
    test(`killed after ${STEPS[killAfter]}, first rows ${flushed ? 'flushed' : 'in the log'} before the drop`, async () => {
      const life = new Life();
      try {
        await life.start();
        for (const [i, step] of STEPS.entries()) {
          if (step === 'flush-first' && !flushed) continue;
          await life.do(step);
          if (i !== killAfter) continue;
          await life.server.kill();
          await life.start();
        }
        life.verifySecond();
        await life.server.kill();
        await life.start();
        life.verifySecond();
        assert.equal(await life.server.stop(), 0);
      } finally {
        removeDataDir(life.dataDir);
      }
    });
  }
}

test('killed while the drop is under way: either all of the first is there or nothing', async () => {
  for (let delayMs = 0; delayMs <= 60; delayMs += 6) {
    const life = new Life();
    try {
      await life.start();
      await life.do('write-first');
      await life.do('flush-first');
      const drop = spawn(process.execPath, [PROGRAM, 'database', 'delete', DATABASE, '--data-dir', life.dataDir], { stdio: 'ignore' });
      const dropped = new Promise((resolve) => drop.on('close', resolve));
      // The command takes about a third of a second to start: the moment of the kill is spread around its request.
      await new Promise((resolve) => setTimeout(resolve, 250 + delayMs * 5));
      await life.server.kill();
      await dropped;
      await life.start();
      const databases = sluice(['database', 'list', '--data-dir', life.dataDir]).stdout;
      if (databases.includes(DATABASE)) {
        assert.equal(life.rows('SELECT tag, v FROM t ORDER BY tag'), 'tag,v\na,1\nb,2');
      } else {
        await life.do('write-second');
        life.verifySecond();
      }
      await life.server.stop();
    } finally {
      removeDataDir(life.dataDir);
    }
  }
});
