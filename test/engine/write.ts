/** Writes to an engine without a front end. */
import assert from 'node:assert/strict';
import type { Engine } from '../../src/engine.js';
import type { Body, WriteOutcome, WriteRequest } from '../../src/ingest/request.js';
import { ENCODING_IDENTITY } from '../../src/model/encoding.js';
import * as abi from '../../assembly/layout/codes.js';

export const REQUEST: WriteRequest = {
  dialect: 'v3', database: 'deaths', precision: abi.PRECISION_NS, encoding: ENCODING_IDENTITY, acceptPartial: true, noSync: false,
};
/** A value that no caller of ours passes and that the WASM border refuses: the nearest thing to a trap. */
export const DEADLY: WriteRequest = { ...REQUEST, precision: 1n as unknown as number };

export function write(engine: Engine, request: WriteRequest, text: string): Promise<WriteOutcome> {
  const body: Body = { blocks: [], bytes: 0 };
  assert.ok(engine.bodyMemory.append(body, Buffer.from(text)));
  return engine.writer.write(request, body, 0);
}
