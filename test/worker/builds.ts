/** Both builds of assembly/: the one that runs, and the one without SIMD, which must answer the same. */
import { readFileSync } from 'node:fs';
import { compile } from '../../src/worker/wasm/wasm.js';

export const FILES = { simd: 'sluice.wasm', scalar: 'sluice.scalar.wasm' };
export type Build = keyof typeof FILES;

const compiled = new Map<Build, WebAssembly.Module>();

/** Compiled when it is first asked for. */
export function moduleOf(build: Build): WebAssembly.Module {
  let module = compiled.get(build);
  if (module === undefined) {
    compiled.set(build, (module = compile(readFileSync(new URL(`../../assembly/${FILES[build]}`, import.meta.url)))));
  }
  return module;
}
