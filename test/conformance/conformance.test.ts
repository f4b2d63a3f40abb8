/** Every rule of compatibility, on the listener that is used where it can be had. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentials } from './credentials.js';
import { OPEN, testConformance } from './listener.js';

const RULES_MIN = 400;

test(`the tables hold ${RULES_MIN} rules or more`, () => {
  // One that holds in each dialect counts once.
  const rules = new Set([...OPEN, ...credentials].map(({ rule }) => rule.replace(/^v[123]: /, '')));
  assert.ok(rules.size >= RULES_MIN, `${rules.size} rules`);
});

testConformance('uws');
