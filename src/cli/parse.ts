/** `sluice parse` */
import { parseConfig } from '../config.js';
import { WasmParser } from '../worker/wasm/wasm.js';
import { lineBlocks } from './blocks.js';
import { writeOut } from './io.js';
import { BLOCK_BYTES, Linter } from './lint.js';
import { parserModule, PRECISIONS } from './parser.js';
import { textOf } from './source.js';

/**
 * Checks line protocol; a line of JSON a point and a bad line goes to stdout.
 * @param file path, or - for stdin; gzip or plain
 * @param precision auto, ns, us, ms, s, m or h
 * @param isExact floats as the hex digits of their bits
 * @returns how many lines are bad
 */
export async function parse(file: string, precision: string, isExact: boolean): Promise<number> {
  const { linter, findings } = linted(file, precision, isExact);
  for await (const some of findings) await writeOut(`${some.join('\n')}\n`);
  return linter.rejected;
}

/** What the parser makes of each line of a file, as JSON; floats are decimals. @param precision as in `parse` */
export async function* pointsOf(file: string, precision: string): AsyncGenerator<string> {
  for await (const some of linted(file, precision, false).findings) yield* some;
}

function linted(file: string, precision: string, isExact: boolean): { readonly linter: Linter; readonly findings: AsyncIterable<readonly string[]> } {
  const { bodyBytesMax, bodyLinesMax } = parseConfig({}, process.env);
  const module = parserModule();
  const linter = new Linter(new WasmParser(module), PRECISIONS.get(precision)!, isExact);
  // The server takes no larger body, so no string can reach further.
  const blocks = lineBlocks(textOf(file), new WasmParser(module), {
    blockBytes: BLOCK_BYTES, blockBytesMax: bodyBytesMax, blockLinesMax: bodyLinesMax, isApart: () => false, isPhysical: () => false,
  });
  async function* findings(): AsyncGenerator<readonly string[]> {
    for await (const { bytes, physicalLines } of blocks) {
      const some = linter.block(bytes, physicalLines);
      if (some.length > 0) yield some;
    }
  }
  return { linter, findings: findings() };
}
