/** The syntax of patterns, which are Go's regular expressions: from a text to a tree. Pure. */
import { SluiceError } from '../errors.js';

const CHARACTERS_MAX = 1000;

export type Test = (character: string) => boolean;
/** Whether something holds between two characters, '' beyond the ends. */
export type Place = (before: string, after: string) => boolean;
export type Node =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'place'; readonly holds: Place }
  | { readonly kind: 'all' | 'any'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

/** What is wrong with a pattern. */
export function unread(what: string): SluiceError {
  return new SluiceError('bad-query', `a pattern ${what}`);
}

const isWordCharacter: Test = (c) => /^[0-9A-Za-z_]$/.test(c);
const CLASSES: Readonly<Record<string, Test>> = { d: (c) => /^[0-9]$/.test(c), w: isWordCharacter, s: (c) => /^[\t\n\f\r ]$/.test(c) };
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', a: '\x07' };
const PLACES: Readonly<Record<string, Place>> = {
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

/** @throws SluiceError bad-query for a pattern that is malformed, too long, or has what is not read here */
export function parsePattern(text: string): Node {
  return new PatternParser(text).whole();
}
