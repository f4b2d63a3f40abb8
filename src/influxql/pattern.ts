/**
 * Patterns of InfluxQL, which are Go's regular expressions. Their time grows with pattern times text and no faster, whatever
 * they are: a client's pattern must not hold up the server, as one of JavaScript could. Pure.
 */
import { SluiceError } from '../errors.js';

/** Characters of a pattern, and steps of its program. */
const CHARACTERS_MAX = 1000;
const STEPS_MAX = 2000;
/** A match says how far it is about so often. */
const STEPS_SAID = 1000;

type Test = (character: string) => boolean;
type Node =
  | { readonly kind: 'test'; readonly test: Test }
  /** A place between two characters, '' beyond the ends. */
  | { readonly kind: 'place'; readonly holds: (before: string, after: string) => boolean }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

type Step =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'place'; readonly holds: (before: string, after: string) => boolean }
  | { readonly kind: 'jump'; to: readonly number[] }
  | { readonly kind: 'end' };

function unread(what: string): SluiceError {
  return new SluiceError('bad-query', `a pattern ${what}`);
}

const isWordCharacter: Test = (c) => /^[0-9A-Za-z_]$/.test(c);
const CLASSES: Readonly<Record<string, Test>> = { d: (c) => /^[0-9]$/.test(c), w: isWordCharacter, s: (c) => /^[\t\n\f\r ]$/.test(c) };
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', a: '\x07' };
const PLACES: Readonly<Record<string, (before: string, after: string) => boolean>> = {
  A: (before) => before === '',
  z: (_, after) => after === '',
  b: (before, after) => isWordCharacter(before) !== isWordCharacter(after),
  B: (before, after) => isWordCharacter(before) === isWordCharacter(after),
};

class PatternParser {
  readonly #characters: readonly string[];
  #next = 0;
  #ignoresCase = false;

  constructor(text: string) {
    if (text.length > CHARACTERS_MAX) throw unread(`has more than ${CHARACTERS_MAX} characters`);
    this.#characters = [...text];
  }

  whole(): Node {
    const node = this.#alternatives();
    if (this.#next < this.#characters.length) throw unread('closes a parenthesis that is not open');
    return node;
  }

  #alternatives(): Node {
    const nodes: Node[] = [];
    do nodes.push(this.#sequence()); while (this.#take('|'));
    return { kind: 'any', nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#next < this.#characters.length && !this.#is('|') && !this.#is(')')) nodes.push(this.#repeated());
    return { kind: 'all', nodes };
  }

  #repeated(): Node {
    let node = this.#atom();
    for (let count = this.#count(); count !== null; count = this.#count()) {
      // Lazy or not makes no difference to whether it matches.
      this.#take('?');
      node = { kind: 'repeat', node, ...count };
    }
    return node;
  }

  #count(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    const [whole, min, comma, max] = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(this.#characters.slice(this.#next, this.#next + 12).join('')) ?? [];
    if (whole === undefined) return null;
    this.#next += whole.length;
    const most = comma === '' ? Number(min) : max === '' ? Infinity : Number(max);
    if (most < Number(min) || (comma === '' && max !== '')) throw unread(`says ${whole}`);
    return { min: Number(min), max: most };
  }

  #atom(): Node {
    const character = this.#characters[this.#next++]!;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'test', test: this.#class() };
      case '.':
        return { kind: 'test', test: (c) => c !== '\n' };
      case '^':
        return { kind: 'place', holds: PLACES['A']! };
      case '$':
        return { kind: 'place', holds: PLACES['z']! };
      case '\\': {
        const place = PLACES[this.#characters[this.#next] ?? ''];
        if (place === undefined) return { kind: 'test', test: this.#escape() };
        this.#next += 1;
        return { kind: 'place', holds: place };
      }
      case '*':
      case '+':
      case '?':
        throw unread(`repeats nothing with ${character}`);
      default:
        return { kind: 'test', test: this.#literal(character) };
    }
  }

  #group(): Node {
    const before = this.#ignoresCase;
    if (this.#take('?')) {
      const [whole, flags] = /^(?:P?<\w+>|([ism]*)[:)])/.exec(this.#characters.slice(this.#next, this.#next + 80).join('')) ?? [];
      if (whole === undefined) throw unread('has a group that is not read here');
      this.#next += whole.length;
      if (flags?.includes('i')) this.#ignoresCase = true;
      // Flags alone are for the rest of the group around them.
      if (whole.endsWith(')')) return { kind: 'all', nodes: [] };
    }
    const node = this.#alternatives();
    if (!this.#take(')')) throw unread('does not close a parenthesis');
    this.#ignoresCase = before;
    return node;
  }

  #class(): Test {
    const negates = this.#take('^');
    const tests: Test[] = [];
    do {
      const from = this.#characters[this.#next];
      if (from === undefined) throw unread('does not close a bracket');
      if (from === '[' && this.#characters[this.#next + 1] === ':') throw unread('has a class by name, which is not read here');
      this.#next += 1;
      const to = this.#characters[this.#next + 1];
      if (from === '\\') tests.push(this.#escape());
      else if (this.#is('-') && to !== undefined && to !== ']') {
        this.#next += 2;
        tests.push(this.#range(from, to));
      } else tests.push(this.#literal(from));
    } while (!this.#take(']'));
    return (c) => tests.some((test) => test(c)) !== negates;
  }

  #range(from: string, to: string): Test {
    if (to === '\\' || from > to) throw unread(`has the range ${from}-${to}`);
    const holds: Test = (c) => c >= from && c <= to;
    return this.#ignoresCase ? (c) => holds(c.toLowerCase()) || holds(c.toUpperCase()) : holds;
  }

  /** What stands behind a backslash. */
  #escape(): Test {
    const character = this.#characters[this.#next++];
    if (character === undefined) throw unread('ends with a backslash');
    const named = CLASSES[character.toLowerCase()];
    if (named !== undefined) return character === character.toLowerCase() ? named : (c) => !named(c);
    if (character in CONTROLS) return this.#literal(CONTROLS[character]!);
    if (isWordCharacter(character)) throw unread(`has the escape \\${character}, which is not read here`);
    return this.#literal(character);
  }

  #literal(character: string): Test {
    if (!this.#ignoresCase) return (c) => c === character;
    const folded = character.toLowerCase();
    return (c) => c.toLowerCase() === folded;
  }

  #is(character: string): boolean {
    return this.#characters[this.#next] === character;
  }

  #take(character: string): boolean {
    const found = this.#is(character);
    if (found) this.#next += 1;
    return found;
  }
}

/** Writes the steps of a node behind those that are there. */
function write(node: Node, steps: Step[]): void {
  if (steps.length > STEPS_MAX) throw unread('is too large');
  switch (node.kind) {
    case 'test':
    case 'place':
      steps.push(node);
      return;
    case 'all':
      for (const each of node.nodes) write(each, steps);
      return;
    case 'any': {
      const fork = jumpFrom(steps);
      const begins: number[] = [];
      const ends = node.nodes.map((each) => {
        begins.push(steps.length);
        write(each, steps);
        return jumpFrom(steps);
      });
      fork.to = begins;
      for (const end of ends) end.to = [steps.length];
      return;
    }
    case 'repeat':
      writeRepeat(node, steps);
  }
}

function writeRepeat({ node, min, max }: Extract<Node, { kind: 'repeat' }>, steps: Step[]): void {
  for (let i = 0; i < min; i += 1) write(node, steps);
  if (max === Infinity) {
    const at = steps.length;
    const fork = jumpFrom(steps);
    write(node, steps);
    jumpFrom(steps).to = [at];
    fork.to = [at + 1, steps.length];
    return;
  }
  const forks = Array.from({ length: max - min }, () => {
    const at = steps.length;
    const fork = jumpFrom(steps);
    write(node, steps);
    return { fork, at };
  });
  for (const { fork, at } of forks) fork.to = [at + 1, steps.length];
}

function jumpFrom(steps: Step[]): Extract<Step, { kind: 'jump' }> {
  const jump: Extract<Step, { kind: 'jump' }> = { kind: 'jump', to: [] };
  steps.push(jump);
  return jump;
}

export class NamePattern {
  readonly source: string;
  readonly #steps: readonly Step[];

  /** @throws SluiceError bad-query for a pattern that is malformed, too large, or has what is not read here */
  constructor(source: string) {
    this.source = source;
    const steps: Step[] = [];
    write(new PatternParser(source).whole(), steps);
    this.#steps = [...steps, { kind: 'end' }];
  }

  /**
   * Whether it matches somewhere in a text.
   * @returns a generator that says now and then how many steps it took since it last said so: who drives it may pause there
   */
  *match(text: string): Generator<number, boolean, void> {
    const end = this.#steps.length - 1;
    const marks = new Uint32Array(this.#steps.length);
    let begun: number[] = [];
    let before = '';
    let taken = 0;
    for (let at = 0, place = 1; ; place += 1) {
      const after = at < text.length ? String.fromCodePoint(text.codePointAt(at)!) : '';
      begun.push(0);
      this.#reach(begun, before, after, marks, place);
      taken += begun.length;
      const found = marks[end] === place;
      if (found || after === '' || taken > STEPS_SAID) {
        yield taken;
        taken = 0;
      }
      if (found || after === '') return found;
      begun = this.#pass(begun, after);
      before = after;
      at += after.length;
    }
  }

  /** Adds all steps that are reached between two characters. @param marks of those that are there, by the number of the place */
  #reach(steps: number[], before: string, after: string, marks: Uint32Array, place: number): void {
    for (const at of steps) marks[at] = place;
    const add = (to: number): void => {
      if (marks[to] !== place) steps.push(to);
      marks[to] = place;
    };
    // It grows meanwhile.
    for (const at of steps) {
      const step = this.#steps[at]!;
      if (step.kind === 'jump') step.to.forEach(add);
      else if (step.kind === 'place' && step.holds(before, after)) add(at + 1);
    }
  }

  /** The steps behind those tests that a character passes. */
  #pass(steps: readonly number[], character: string): number[] {
    const passed: number[] = [];
    for (const at of steps) {
      const step = this.#steps[at]!;
      if (step.kind === 'test' && step.test(character)) passed.push(at + 1);
    }
    return passed;
  }
}
