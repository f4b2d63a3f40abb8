/** The WASM parser in a command. */
import * as abi from '../../assembly/layout/codes.js';
import { readPackaged } from '../disk.js';
import { compile } from '../worker/wasm/wasm.js';

/** PRECISION_* by the words that commands take. */
export const PRECISIONS: ReadonlyMap<string, number> = new Map([
  ['auto', abi.PRECISION_AUTO], ['ns', abi.PRECISION_NS], ['us', abi.PRECISION_US], ['ms', abi.PRECISION_MS],
  ['s', abi.PRECISION_S], ['m', abi.PRECISION_M], ['h', abi.PRECISION_H],
]);

/** The module that came with the program, compiled. */
export function parserModule(): WebAssembly.Module {
  return compile(readPackaged(new URL('../../assembly/sluice.wasm', import.meta.url)));
}
