/** `sluice parse` */
import * as abi from '../../assembly/abi.js';
import { parseConfig } from '../config.js';
import { readPackaged, systemDisk } from '../disk.js';
import { compile, WasmParser } from '../worker/wasm.js';
import { writeOut } from './io.js';
import { BLOCK_BYTES, Linter } from './lint.js';

const readBytes = 64 * 1024;
const newline = 0x0a;

const precisions: ReadonlyMap<string, number> = new Map([
  ['auto', abi.PRECISION_AUTO], ['ns', abi.PRECISION_NS], ['us', abi.PRECISION_US], ['ms', abi.PRECISION_MS],
  ['s', abi.PRECISION_S], ['m', abi.PRECISION_M], ['h', abi.PRECISION_H],
]);

/**
 * Checks line protocol; a line of JSON a point and a bad line goes to stdout.
 * @param file path, or - for stdin
 * @param precision auto, ns, us, ms, s, m or h
 * @returns how many lines are bad
 */
export async function parse(file: string, precision: string): Promise<number> {
  const { bodyBytesMax } = parseConfig({}, process.env);
  const module = compile(readPackaged(new URL('../../assembly/sluice.wasm', import.meta.url)));
  const linter = new Linter(new WasmParser(module), precisions.get(precision)!);
  const say = async (findings: readonly string[]): Promise<void> => {
    if (findings.length > 0) await writeOut(`${findings.join('\n')}\n`);
  };
  let rest = Buffer.alloc(0);
  let wanted = BLOCK_BYTES;
  for await (const piece of atLeast(() => wanted - rest.length, file === '-' ? process.stdin : chunksOf(file))) {
    rest = Buffer.concat([rest, piece]);
    // The server takes no larger body, so no string can reach further.
    const isLast = wanted >= bodyBytesMax;
    const end = rest.lastIndexOf(newline) + 1 || (isLast ? rest.length : 0);
    const findings = end === 0 ? null : linter.block(rest.subarray(0, end), isLast);
    wanted = findings === null ? wanted * 2 : BLOCK_BYTES;
    if (findings === null) continue;
    rest = rest.subarray(end);
    await say(findings);
  }
  await say(linter.block(rest, true) ?? []);
  return linter.rejected;
}

/** Joins chunks until they have as many bytes as are wanted; what is left at the end comes last, whatever its size. */
async function* atLeast(wanted: () => number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < wanted()) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await systemDisk.open(path, 'read').catch((error: Error) => {
    throw new Error(`${path} cannot be read: ${error.message}`);
  });
  try {
    for (let position = 0; ;) {
      const chunk = new Uint8Array(readBytes);
      const bytes = await file.read(chunk, position);
      if (bytes === 0) return;
      position += bytes;
      yield chunk.subarray(0, bytes);
    }
  } finally {
    await file.close();
  }
}
