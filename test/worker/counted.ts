/** The module, of either build, changed by Binaryen so that it counts its loads and stores: its work, the same on every machine. */
import { readFileSync } from 'node:fs';
import binaryen from 'binaryen';
import { compile, WasmParser } from '../../src/worker/wasm/wasm.js';
import { type Build, FILES } from './builds.js';

/** Name of the global that counts. */
const COUNT = 'accesses';
/** In place of a random one, which would make the counts differ a little from run to run. */
const SECRET = [0x5DE2_71C3_08B9_F64An, 0xB309_4E8D_6A15_C727n] as const;

const compiled = new Map<Build, WebAssembly.Module>();

function countedModule(build: Build): WebAssembly.Module {
  const known = compiled.get(build);
  if (known !== undefined) return known;
  const module = binaryen.readBinary(readFileSync(new URL(`../../assembly/${FILES[build]}`, import.meta.url)));
  const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SignExt, SIMD128 } = binaryen.Features;
  module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SignExt | (build === 'simd' ? SIMD128 : 0));
  // The second pass passes over copies and fills, so the first makes calls of them.
  module.runPasses(['llvm-memory-copy-fill-lowering', 'instrument-memory']);
  module.addGlobal(COUNT, binaryen.i64, true, module.i64.const(0n));
  module.addGlobalExport(COUNT, COUNT);
  for (const name of ['__memory_copy', '__memory_fill'] as const) supplyBulk(module, name);
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)));
  for (const each of functions) if (each.module !== '') supply(module, each);
  const bytes = module.emitBinary();
  module.dispose();
  const made = compile(bytes);
  compiled.set(build, made);
  return made;
}

/** Supplies a function that the pass imports. Each returns its last argument; one of load_ptr and store_ptr is called per access. */
function supply(module: binaryen.Module, { name, params, results }: binaryen.FunctionInfo): void {
  const last = module.local.get(binaryen.expandType(params).length - 1, results);
  const more = module.i64.add(module.global.get(COUNT, binaryen.i64), module.i64.const(1n));
  const body = name.endsWith('_ptr') ? module.block(null, [module.global.set(COUNT, more), last], results) : last;
  module.removeFunction(name);
  module.addFunction(name, params, results, [], body);
}

/** In place of a loop over bytes: counts an access for every eight bytes, and does what it did before the pass. */
function supplyBulk(module: binaryen.Module, name: '__memory_copy' | '__memory_fill'): void {
  const { params } = binaryen.getFunctionInfo(module.getFunction(name));
  const [to, from, bytes] = [0, 1, 2].map((i) => () => module.local.get(i, binaryen.i32)) as [() => number, () => number, () => number];
  const more = module.i64.extend_u(module.i32.add(module.i32.shr_u(bytes(), module.i32.const(3)), module.i32.const(1)));
  const count = module.global.set(COUNT, module.i64.add(module.global.get(COUNT, binaryen.i64), more));
  const work = name === '__memory_copy' ? module.memory.copy(to(), from(), bytes()) : module.memory.fill(to(), from(), bytes());
  module.removeFunction(name);
  module.addFunction(name, params, binaryen.none, [], module.block(null, [count, work]));
}

/** A parser whose work can be told. It runs several times slower than others. */
export class CountedParser extends WasmParser {
  readonly build: Build;

  constructor(build: Build = 'scalar') {
    super(countedModule(build));
    this.build = build;
    this.exports.setSecret(...SECRET);
  }

  /** Loads and stores so far; eight bytes copied or filled at once are one of them. */
  accesses(): number {
    return Number((this.exports as unknown as Record<typeof COUNT, { readonly value: bigint }>)[COUNT].value);
  }
}
