/** Faults are collected while a story goes on, a sentence each, so that one run tells all that is wrong. */
import assert from 'node:assert/strict';

/** @throws AssertionError with all sentences, a line each, when there are any */
export function expectNoFaults(sentences: readonly string[]): void {
  const lines = sentences.map((sentence) => `- ${sentence.replaceAll(/\s+/g, ' ').trim()}`);
  if (lines.length > 0) assert.fail(`\n${lines.join('\n')}`);
}
