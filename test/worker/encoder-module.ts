/** The encoder alone, compiled with its inner functions exported, over a memory that the tests fill themselves. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlushExports } from '../../src/worker/flush/parquet-file.js';
import { root } from '../root.js';

export interface EncoderExports extends Omit<FlushExports, 'tableAt'> {
  flushBytes(): number;
  memoryUsed(): number;
  allocate(bytes: number): number;
  release(at: number, bytes: number): void;
  snappyBytesMax(bytes: number): number;
  snappyCompress(source: number, bytes: number, out: number): number;
  deltaBytesMax(count: number): number;
  writeDelta(values: number, count: number, out: number): number;
  hybridBytesMax(count: number, width: number): number;
  writeHybrid(values: number, count: number, width: number, out: number): number;
  snappyUncompress(source: number, bytes: number, out: number, outBytes: number): number;
  readDelta(at: number, end: number, count: number, out: number): number;
  readHybrid(at: number, end: number, width: number, count: number, out: number): number;
}

export interface EncoderModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly exports: EncoderExports;
}

const ENTRIES = ['flush/flush', 'flush/parquet/snappy', 'flush/parquet/delta', 'flush/parquet/hybrid', 'read/snappy', 'read/delta', 'read/hybrid', 'base/arena'];

/** Compiled once for all test files, until a source is newer. */
const COMPILED = join(root, 'dist/test/worker/encoder.wasm');

function newestSourceMs(): number {
  const sources = readdirSync(join(root, 'assembly'), { recursive: true, encoding: 'utf8' });
  return Math.max(...sources.map((name) => statSync(join(root, 'assembly', name)).mtimeMs));
}

/** Compiles with the flags of the release. */
function compile(): Buffer {
  if (existsSync(COMPILED) && statSync(COMPILED).mtimeMs > newestSourceMs()) return readFileSync(COMPILED);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-encoder-'));
  try {
    const out = join(folder, 'encoder.wasm');
    const asc = createRequire(join(root, 'package.json')).resolve('assemblyscript/bin/asc.js');
    const entries = ENTRIES.map((name) => `assembly/${name}.ts`);
    const flags = ['--runtime', 'stub', '--enable', 'simd', '-O3', '--noAssert', '--outFile', out];
    const { status, stderr } = spawnSync(process.execPath, [asc, ...entries, ...flags], { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the encoder does not compile: ${stderr}`);
    const bytes = readFileSync(out);
    // Another test file may do the same at this moment: it appears whole.
    writeFileSync(`${COMPILED}.${process.pid}`, bytes);
    renameSync(`${COMPILED}.${process.pid}`, COMPILED);
    return bytes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A new instance. */
export function encoderModule(): EncoderModule {
  const instance = new WebAssembly.Instance(compiledOnce(), { env: { abort: () => { throw new Error('the encoder aborted'); } } });
  const exports = instance.exports as EncoderExports & { memory: EncoderModule['memory'] };
  return { memory: exports.memory, exports };
}

let compiled: WebAssembly.Module | undefined;
function compiledOnce(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(compile());
  return compiled;
}

/** Copies bytes to a new place in the module's memory, with 64 bytes of room after them; returns the address. */
export function place({ memory, exports }: EncoderModule, bytes: Uint8Array): number {
  const at = exports.allocate(bytes.length + 64) >>> 0;
  new Uint8Array(memory.buffer).set(bytes, at);
  return at;
}

/** A copy of bytes of the module's memory. */
export function taken({ memory }: EncoderModule, at: number, end: number): Uint8Array {
  return new Uint8Array(memory.buffer).slice(at, end);
}
