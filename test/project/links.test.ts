/** What pages and comments point at is there: files, headings, and rules that are cited by number. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from '../root.js';

const filesBelow = (folder: string, suffix: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => suffix.test(name)).map((name) => join(folder, name));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const withoutUrls = (text: string): string => text.replace(/https?:\/\/[^\s)]*/g, '');

const pages = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...['docs', 'bench', 'test/data'].flatMap((folder) => filesBelow(folder, /\.md$/))]
  // Another project's page, as it was printed.
  .filter((path) => path !== 'test/data/guide-snippets.md');
const sources = ['src', 'assembly', 'test', 'bench', 'scripts'].flatMap((folder) => filesBelow(folder, /\.(ts|mjs)$/));

/** The names by which links find the headings of a page. */
function anchorsOf(path: string): Set<string> {
  const headings = textOf(path).replace(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm);
  return new Set([...headings].map(([, heading]) => heading!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(' ', '-')));
}

test('every link of a page that is no URL leads to a file, and its anchor to a heading', () => {
  let links = 0;
  for (const page of pages) {
    const prose = withoutUrls(textOf(page).replace(/^```[^]*?^```$/gm, ''));
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file, anchor] = target!.split('#');
      const path = file === '' ? page : join(dirname(page), file!);
      assert.ok(existsSync(join(root, path)), `${page} links to ${target}, which is not there`);
      if (anchor !== undefined) assert.ok(anchorsOf(path).has(anchor), `${page} links to ${target}, and there is no such heading`);
      links += 1;
    }
  }
  assert.ok(links > 20, `${links} links`);
});

test('every page that a page, a comment or a test names is there', () => {
  let names = 0;
  for (const path of [...pages, ...sources]) {
    for (const [name] of withoutUrls(textOf(path)).matchAll(/(?<![\w.${}/-])[\w./-]*\w\.md\b/g)) {
      const places = [name, join('docs', name), join(dirname(path), name)];
      assert.ok(places.some((place) => existsSync(join(root, place))), `${path} names ${name}, which is not in the repository`);
      names += 1;
    }
  }
  assert.ok(names > 50, `${names} names`);
});

test('every source that a page names is there', () => {
  // What was measured stays as it was said then. NAME.test.ts stands for any.
  for (const page of pages.filter((path) => path !== 'bench/RESULTS.md')) {
    for (const [, name] of textOf(page).matchAll(/`(?!NAME\.)([\w./-]+\.(?:ts|mjs))`/g)) {
      // DESIGN.md names sources by the end of their path.
      assert.ok(sources.some((path) => path === name || path.endsWith(`/${name}`)), `${page} names ${name}, which is not there`);
    }
  }
});

test('every rule that is cited by number has a place where it is explained', () => {
  const explained = new Set([
    ...[...textOf('docs/line-protocol.md').matchAll(/^## (L\d)\b/gm)].map(([, rule]) => rule!),
    ...[...textOf('docs/tables.md').matchAll(/^\| (R\d) \|/gm)].map(([, rule]) => rule!),
    ...[...textOf('DESIGN.md').matchAll(/^- \*\*(C\d+) /gm)].map(([, rule]) => rule!),
  ]);
  let cited = 0;
  for (const path of [...sources, 'DESIGN.md', 'README.md', ...pages.filter((page) => page.startsWith('docs/'))]) {
    for (const [rule] of textOf(path).matchAll(/(?<![\w.'"`-])[LRC]\d{1,2}(?![\w.'"`-])/g)) {
      assert.ok(explained.has(rule), `${path} cites ${rule}, which no page explains`);
      cited += 1;
    }
  }
  assert.ok(cited > 30, `${cited} citations`);
});
