/** The map in DESIGN.md: every folder of the tree is on it with a sentence, and all that is on it is there. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../root.js';

const TREES = ['assembly', 'src', 'bin', 'scripts', 'docs', 'bench', 'test'];

/** Folders on the map and what is said of them. A line that is indented goes on below the last one that is not. */
function mapped(): Map<string, string> {
  const design = readFileSync(join(root, 'DESIGN.md'), 'utf8');
  const [, block] = /^## The map$.*?```\n(.*?)```/ms.exec(design)!;
  const folders = new Map<string, string>();
  let top = '';
  for (const line of block!.split('\n').filter((text) => text !== '')) {
    if (line.startsWith(' '.repeat(4))) continue; // more of the sentence above
    const [, indent, names, sentence] = /^( *)((?:[\w./-]+\/ ?)+) {2,}(\S.*)$/.exec(line)!;
    if (indent === '') top = names!.trim();
    for (const name of names!.trim().split(' ')) folders.set(indent === '' ? name : `${top}${name}`, sentence!);
  }
  return folders;
}

function foldersBelow(tree: string): string[] {
  const holdsFiles = (folder: string): boolean => readdirSync(join(root, folder), { withFileTypes: true }).some((entry) => entry.isFile());
  const below = readdirSync(join(root, tree), { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  return [tree, ...below].filter((folder) => !folder.includes('__pycache__') && holdsFiles(folder)).map((folder) => `${folder}/`);
}

test('every folder that holds files is on the map, with a sentence', () => {
  const folders = mapped();
  for (const folder of TREES.flatMap(foldersBelow)) assert.ok((folders.get(folder) ?? '').length > 5, `${folder} is not on the map of DESIGN.md`);
});

test('every folder on the map is there', () => {
  for (const folder of mapped().keys()) assert.ok(existsSync(join(root, folder)), `the map of DESIGN.md names ${folder}, which is not there`);
});

test('every file on the map is there', () => {
  const design = readFileSync(join(root, 'DESIGN.md'), 'utf8');
  const [, block] = /^## The map$.*?```\n(.*?)```/ms.exec(design)!;
  const files = TREES.flatMap((tree) => readdirSync(join(root, tree), { recursive: true, encoding: 'utf8' }).map((name) => `/${name}`));
  const named = [...block!.matchAll(/[\w-]+\.ts\b/g)].map(([name]) => name);
  assert.ok(named.length > 10);
  for (const name of named) assert.ok(files.some((path) => path.endsWith(`/${name}`)), `the map of DESIGN.md names ${name}, which is not there`);
});
