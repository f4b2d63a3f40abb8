/**
 * Patterns of InfluxQL. Their time grows with pattern times text and no faster, whatever they are: a client's pattern must
 * not hold up the server, as one of JavaScript could. Pure.
 */
import { parsePattern, unread } from './pattern-syntax.js';
import type { Node, Place, Test } from './pattern-syntax.js';

/** Steps of a pattern's program. */
const STEPS_MAX = 2000;
/** A match says how far it is about so often. */
const STEPS_SAID = 1000;

type Step =
  | { readonly kind: 'test'; readonly test: Test }
  | { readonly kind: 'place'; readonly holds: Place }
  | { readonly kind: 'jump'; to: readonly number[] }
  | { readonly kind: 'end' };

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
    write(parsePattern(source), steps);
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
