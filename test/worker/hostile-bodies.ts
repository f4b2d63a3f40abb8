/** A grammar of bodies made to be slow: bytes of one class alone, of two in turn, one after many, many before a good line. */
import { readSamples } from '../fuzz/samples.js';

/** A byte class of line protocol, by an example. */
export const CLASSES = {
  newline: '\n', return: '\r', space: ' ', tab: '\t', hash: '#', comma: ',', equals: '=', backslash: '\\', quote: '"', letter: 'a',
  digit: '7', character: '\xc3\xa9', 'high byte': '\xff', nul: '\0', minus: '-', dot: '.',
} as const;
type ClassName = keyof typeof CLASSES;
const NAMES = Object.keys(CLASSES) as ClassName[];

/** A body of any size. */
export interface Shape {
  readonly name: string;
  make(bytes: number): Buffer;
}

const VALID = 'm,t=a f=1 1\n';
/** What a parser is to have learnt before: fields of each kind, tags, a series that has no tag, two tables in turn. */
const LEARNT = Array.from({ length: 6 }, (_, i) => `m,t=a f=1 1\nm,t=b${i % 3} f=1.5,i=${i}i,u=${i}u,s="text ${i}",b=true 1700000000000000${100 + i}\nn f=${i} 1\n`).join('');

/** No unit is cut. */
const repeated = (unit: string, bytes: number): Buffer => Buffer.alloc(bytes - (bytes % unit.length), Buffer.from(unit, 'latin1'));
const text = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');

function shape(name: string, make: (bytes: number) => Buffer): Shape {
  return { name, make };
}

/** Each class alone. */
export const ALONE: readonly Shape[] = NAMES.map((name) => shape(`${name} alone`, (bytes) => repeated(CLASSES[name], bytes)));

/** Two different ones in turn, in either order. */
export const IN_TURN: readonly Shape[] = pairs((a, b) => shape(`${a} and ${b} in turn`, (bytes) => repeated(CLASSES[a] + CLASSES[b], bytes)));

/** Many of one, and another at the end. */
export const AT_END: readonly Shape[] = pairs((a, b) => shape(`${a}, ${b} at the end`, (bytes) => Buffer.concat([repeated(CLASSES[a], bytes - CLASSES[b].length), text(CLASSES[b])])));

/** Many of one before a good line, which they may be part of. */
export const BEFORE_LINE: readonly Shape[] = NAMES.flatMap((name) => ['', '\n'].map((between) => {
  const end = text(between + VALID);
  return shape(`${name}, then ${between === '' ? 'in' : 'before'} a good line`, (bytes) => Buffer.concat([repeated(CLASSES[name], bytes - end.length), end]));
}));

/** The same shape behind lines that are learnt, again and again: whatever is guessed and remembered is in use there. */
export function amongLearnt({ name, make }: Shape): Shape {
  const piece = Math.floor(LEARNT.length / 2);
  return shape(`${name}, among good lines`, (bytes) => {
    const unit = Buffer.concat([text(LEARNT), make(piece), text('\n')]);
    const units = Math.round(bytes / 2 / unit.length);
    return Buffer.concat([Buffer.alloc(units * unit.length, unit), make(bytes - units * unit.length)]);
  });
}

export function learntBody(): Buffer {
  return text(LEARNT);
}

function pairs(make: (a: ClassName, b: ClassName) => Shape): Shape[] {
  return NAMES.flatMap((a) => NAMES.filter((b) => b !== a).map((b) => make(a, b)));
}

const samples = readSamples();
/** Real lines of every sample, as much of each. */
export const ORDINARY: Shape = shape('ordinary lines', (bytes) => {
  const share = Math.ceil(bytes / samples.length);
  const parts = samples.map(({ lines }) => {
    const all = text(`${lines.slice(0, Math.ceil(share / 10)).join('\n')}\n`);
    return all.length < share ? Buffer.alloc(share, all) : all.subarray(0, share);
  });
  return Buffer.concat(parts.map((part) => part.subarray(0, part.lastIndexOf(10) + 1))).subarray(0, bytes);
});
