/** Counts what bodies cost: loads and stores of the instrumented module, in every way that a body can be parsed. */
import * as abi from '../../assembly/layout/codes.js';
import type { Parsed } from '../../src/worker/wasm/wasm.js';
import { jadedTable, makeJaded } from '../fuzz/jaded.js';
import type { Build } from './builds.js';
import { CountedParser } from './counted.js';
import type { HostileCase } from './hostile-cases.js';
import { learntBody, ORDINARY, type Shape } from './hostile-bodies.js';
import { type BodyOptions, ParserSession } from './parser-session.js';

interface Way {
  readonly options: BodyOptions;
  /** Has met bodies before. */
  readonly hasLearnt: boolean;
  /** Has met so many series that never came again that it hardly looks for any. */
  readonly isJaded?: boolean;
}

export const WAYS = {
  'new parser': { options: {}, hasLearnt: false },
  'learnt': { options: {}, hasLearnt: true },
  'learnt, rare table': { options: {}, hasLearnt: true, isJaded: true },
  'exact path alone': { options: { flags: abi.PARSE_DUMP }, hasLearnt: true },
  'all or nothing': { options: { flags: abi.PARSE_ALL_OR_NOTHING }, hasLearnt: true },
  'fixed and widen': { options: { flags: abi.RULE_TAGS_FIXED | abi.RULE_WIDEN }, hasLearnt: true },
  'split': { options: { flags: abi.RULE_SPLIT }, hasLearnt: true },
  'replay': { options: { flags: abi.PARSE_REPLAY, replaySeq: 2 }, hasLearnt: true },
} satisfies Record<string, Way>;
export type WayName = keyof typeof WAYS;

const REFUSED_LINES = 200_000;
/** Loads for a byte that is looked at for a string that stays open. */
const PER_OPEN_BYTE = { simd: 2.5, scalar: 6 };
/** More tables than others, so that it cannot be an id of the session's. */
const JADED_ID = 1 << 20;

export class Workbench {
  readonly #parser: CountedParser;
  readonly #session: ParserSession;
  readonly #options: BodyOptions;

  constructor(build: Build, wayName: WayName) {
    const way: Way = WAYS[wayName];
    this.#parser = new CountedParser(build);
    this.#session = new ParserSession({}, this.#parser);
    this.#options = way.options;
    if (way.isJaded === true) {
      const table = jadedTable(JADED_ID);
      this.#parser.define(table);
      makeJaded(this.#parser, table);
    }
    // A list of rejected lines keeps its room: the first body of many is not to pay for all.
    this.cost(Buffer.alloc(2 * REFUSED_LINES, ',\n'));
    if (way.hasLearnt) for (let i = 0; i < 2; i++) this.cost(learntBody());
  }

  /** Loads and stores a byte. Rows are taken out then. */
  cost(body: Buffer): number {
    const { cost, spans } = costOf(this.#parser, this.#session, body, this.#options);
    for (const { tableId, ...rows } of spans) this.#parser.removeRows(tableId, [rows]);
    return cost;
  }
}

/**
 * Loads and stores a byte; what the body needs is defined, and it is parsed again. A string that stays open is looked at up to
 * the end of the body, as long as no more than the body and 8 MiB were (parser.test.ts): that is counted apart, since a body of a
 * few KiB has no share in 8 MiB.
 */
function costOf(parser: CountedParser, session: ParserSession, body: Buffer, options: BodyOptions = {}): { cost: number; spans: Parsed['spans'] } {
  const before = parser.accesses();
  let parsed = session.parse(body, options);
  let openBytes = parser.exports.openQuoteBytes();
  if (parsed.status === abi.PARSE_NEEDS) {
    session.define(parsed.needs);
    parsed = session.parse(body, options);
    openBytes += parser.exports.openQuoteBytes();
  }
  const accesses = parser.accesses() - before - openBytes * PER_OPEN_BYTE[parser.build];
  return { cost: Math.max(accesses, 0) / body.length, spans: parsed.spans };
}

/** Loads and stores a byte of lines such as they come every day, met for the first time. */
export function ordinaryCost(build: Build, bytes: number): number {
  return new Workbench(build, 'new parser').cost(ORDINARY.make(bytes));
}

/** The same of a case, at that size, in a parser of its own. */
export function costOfCase(build: Build, { before = [], prepare, options, make }: HostileCase, bytes: number): number {
  const parser = new CountedParser(build);
  const session = new ParserSession({}, parser);
  for (const body of before) session.write(body);
  prepare?.(session);
  return costOf(parser, session, Buffer.from(make(bytes), 'latin1'), options).cost;
}

/** A shape's cost at one size and at another. */
export interface Measured {
  readonly name: string;
  readonly small: number;
  readonly large: number;
}

/** Costs a byte of shapes, one after another in one parser. */
export function measured(build: Build, way: WayName, shapes: readonly Shape[], [small, large]: readonly [number, number]): Measured[] {
  const bench = new Workbench(build, way);
  return shapes.map((each) => ({ name: `${each.name} (${build}, ${way})`, small: bench.cost(each.make(small)), large: bench.cost(each.make(large)) }));
}

/** Of an ordinary body's cost: more is too much. */
const TIMES_MAX = 3;
/** Of the cost a byte of the smaller body, or of ordinary lines where that is more: what costs less than they do is no attack. */
const GROWTH_MAX = 1.1;

/**
 * Nothing, or a sentence about a shape that costs too much. @param ordinary cost a byte of an ordinary body of the larger size
 * @param slack loads and stores a byte that the larger may cost more besides
 */
export function faultOf({ name, small, large }: Measured, ordinary: number, timesMax = TIMES_MAX, slack = 0): string[] {
  const says = (wrong: string): string[] => [`${name}: ${small.toFixed(1)}, then ${large.toFixed(1)} loads and stores a byte, of ordinary lines ${ordinary.toFixed(1)}: ${wrong}`];
  if (large > timesMax * ordinary) return says(`more than ${timesMax} times as many`);
  return large > GROWTH_MAX * Math.max(small, ordinary) + slack ? says('more when there are more bytes') : [];
}
