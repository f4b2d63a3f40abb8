import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePrincipal, type Grant, type Permission, type Rights } from '../../src/auth/principal.js';

const one = (database: string, ...permissions: Permission[]): Grant[] => [{ databases: [database], permissions }];

const cases: readonly [what: string, rights: Rights, permission: Permission, database: string, may: boolean][] = [
  ['an admin writes everywhere', 'admin', 'write', 'x', true],
  ['an admin reads everywhere', 'admin', 'read', 'x', true],
  ['an exact name', one('cpu', 'write'), 'write', 'cpu', true],
  ['no longer name', one('cpu', 'write'), 'write', 'cpu2', false],
  ['no shorter name', one('cpu', 'write'), 'write', 'cp', false],
  ['case counts', one('cpu', 'write'), 'write', 'CPU', false],
  ['a retention policy is a database of its own', one('cpu', 'write'), 'write', 'cpu/week', false],
  ['a prefix', one('team_*', 'write'), 'write', 'team_a', true],
  ['a prefix takes in its own name', one('team*', 'write'), 'write', 'team', true],
  ['another prefix', one('team_*', 'write'), 'write', 'teama', false],
  ['the retention policies of a database', one('cpu/*', 'write'), 'write', 'cpu/week', true],
  ['a star', one('*', 'read'), 'read', 'anything', true],
  ['write is not read', one('cpu', 'write'), 'read', 'cpu', false],
  ['read is not write', one('*', 'read'), 'write', 'cpu', false],
  ['both', one('cpu', 'read', 'write'), 'read', 'cpu', true],
  ['the second grant', [...one('a', 'read'), ...one('b', 'write')], 'write', 'b', true],
  ['grants do not mix', [...one('a', 'read'), ...one('b', 'write')], 'write', 'a', false],
  ['the second database of a grant', [{ databases: ['a', 'b'], permissions: ['write'] }], 'write', 'b', true],
];

for (const [what, rights, permission, database, may] of cases) {
  test(`rights: ${what}`, () => assert.equal(makePrincipal('t', rights).may(permission, database), may));
}

test('only an admin is one', () => {
  assert.equal(makePrincipal('t', 'admin').isAdmin, true);
  assert.equal(makePrincipal('t', one('*', 'read', 'write')).isAdmin, false);
});
