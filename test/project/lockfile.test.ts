/** The lock file pins what `npm ci` needs on every platform, and the HTTP addon is the one that was looked at. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../root.js';

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const locked: Record<string, Locked> = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

test('every version in package.json is exact', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  for (const [name, version] of Object.entries(all)) assert.match(String(version), /^(npm:(@[a-z-]+\/)?[a-z.]+@)?\d+\.\d+\.\d+[\w.-]*$/, name);
});

test('every locked package has an integrity hash', () => {
  for (const [path, { integrity }] of Object.entries(locked)) if (path !== '') assert.match(integrity ?? '', /^sha512-/, path);
});

test('the packages for other platforms are in the lock, so that npm ci works there', () => {
  for (const [path, { optionalDependencies }] of Object.entries(locked)) {
    if (path === '') continue;
    for (const name of Object.keys(optionalDependencies ?? {})) {
      assert.ok(locked[`node_modules/${name}`] ?? locked[`${path}/node_modules/${name}`], `${path} wants ${name}`);
    }
  }
});

test('the uWebSockets.js addon for Node 20 on Linux is the one whose hash stands here', () => {
  const addon = readFileSync(join(root, 'node_modules/uWebSockets.js/uws_linux_x64_115.node'));
  assert.equal(createHash('sha256').update(addon).digest('hex'), 'f4fa5d7b697529b45ac8aa3d57385d9af51bc1d2b26aa9f5b68ca4361542e665');
});
