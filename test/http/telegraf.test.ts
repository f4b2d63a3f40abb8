/** Requests as a real Telegraf sent them, byte for byte (test/data/telegraf-requests.jsonl). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PRECISION_NS } from '../../assembly/layout/codes.js';
import { root } from '../root.js';
import { onBoth } from './harness.js';

interface Recording {
  readonly scenario: string;
  readonly path: string;
  readonly body_encoding: 'gzip' | 'identity';
  readonly wire_body_bytes: number;
  readonly body_bytes: number;
  readonly body_sha256: string;
  readonly raw_b64: string;
}

const recordings = readFileSync(join(root, 'test/data/telegraf-requests.jsonl'), 'utf8')
  .trimEnd().split('\n').map((line) => JSON.parse(line) as Recording);

for (const recording of recordings) {
  onBoth(`Telegraf: ${recording.scenario}, ${recording.path}`, {}, async ({ connect, writer }) => {
    const client = await connect();
    await client.send(Buffer.from(recording.raw_b64, 'base64'));
    assert.equal((await client.answer()).status, 204);
    if (recording.wire_body_bytes === 0) {
      assert.equal(writer.writes.length, 0);
      return;
    }
    const { request, bytes } = writer.writes[0]!;
    assert.equal(bytes.length, recording.wire_body_bytes);
    const body = recording.body_encoding === 'gzip' ? gunzipSync(bytes) : bytes;
    assert.equal(body.length, recording.body_bytes);
    assert.equal(createHash('sha256').update(body).digest('hex'), recording.body_sha256);
    assert.equal(request.encoding, recording.body_encoding === 'gzip' ? 1 : 0);
    assert.equal(request.precision, PRECISION_NS);
    assert.equal(request.database, new URL(recording.path, 'http://x').searchParams.get(request.dialect === 'v2' ? 'bucket' : 'db'));
    assert.equal(request.noSync, recording.path.includes('no_sync=true'));
  });
}
