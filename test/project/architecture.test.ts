/** The house rules that a machine can check: one door to each dependency, imports in one direction, no debris. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { root } from '../root.js';

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .sort();
}
const source = new Map([...sourcesBelow('src'), ...sourcesBelow('assembly')].map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const importsOf = (text: string) => [...text.matchAll(/\b(?:from |import |import\()'([^']+)'/g)].map((match) => match[1]!);

/** Outside module → the files that may import it. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  'node:fs': ['src/disk.ts', 'src/outlet.ts'],
  'node:fs/promises': [],
  'node:zlib': ['src/worker/unpack/inflate.ts', 'src/crc.ts'],
  'zlib-sync': ['src/worker/unpack/inflate.ts'],
  'node:http': ['src/http/listener/node.ts'],
  'node:https': ['src/http/listener/node.ts'],
  // Its BlockList knows networks; no socket is opened there.
  'node:net': ['src/control/socket.ts', 'src/addresses.ts'],
  'uWebSockets.js': ['src/http/listener/uws-library.ts'],
  'hyparquet': ['src/tables/parquet/hyparquet-library.ts'],
  'hyparquet-compressors': ['src/tables/parquet/hyparquet-library.ts'],
  'hyparquet-writer': ['src/tables/parquet/hyparquet-library.ts'],
  'piscina': ['src/ingest/pool.ts'],
  '@duckdb/node-api': ['src/query/duckdb.ts'],
  'commander': ['src/cli/main.ts'],
  'pino': ['src/logging.ts'],
  'lru-cache': ['src/recent-map.ts'],
  'node:tty': ['src/logging.ts'],
  'p-limit': ['src/in-turn.ts'],
  'prom-client': ['src/metrics.ts'],
  'valibot': ['src/json.ts'],
  'node:v8': ['src/worker/gc.ts'],
  'node:vm': ['src/worker/gc.ts'],
  'node:child_process': ['src/query/query-child.ts'],
  'node:timers': [],
  'node:buffer': ['src/worker/read/foreign-page.ts'],
};

test('each outside dependency is imported in one file', () => {
  const known = new Set([...Object.keys(DOORS), 'node:crypto', 'node:path', 'node:url', 'node:module', 'node:os', 'node:worker_threads']);
  for (const [path, text] of source) {
    for (const name of importsOf(text).filter((spec) => !spec.startsWith('.'))) {
      assert.ok(known.has(name), `${path} imports ${name}, which has no door`);
      if (name in DOORS) assert.ok(DOORS[name]!.includes(path), `${path} imports ${name}; its door is ${DOORS[name]!.join(', ') || 'closed'}`);
    }
  }
});

test('only clock.ts reads the clock and makes timers', () => {
  const machineTime = /(?<![.\w])(Date\.now|new Date\(\)|performance\.now|process\.hrtime|setTimeout|setInterval)\b/;
  for (const [path, text] of source) if (path !== 'src/clock.ts') assert.doesNotMatch(withoutComments(text), machineTime, path);
});

test('assembly/ imports nothing but itself', () => {
  for (const [path, text] of source) {
    if (!path.startsWith('assembly/')) continue;
    for (const spec of importsOf(text)) assert.ok(normalize(join(dirname(path), spec)).startsWith('assembly/'), `${path} imports ${spec}`);
  }
});

/** Rooms from the top down: a room may import from its own and from later ones. */
const ROOMS: readonly (readonly string[])[] = [
  ['cli'],
  ['server'],
  ['engine'],
  ['check', 'backup'],
  ['http', 'control', 'query'],
  ['admin'],
  ['compaction'],
  ['flush'],
  ['ingest'],
  ['worker'],
  ['tables'],
  ['catalog'],
  ['auth'],
  ['log'],
  ['rejects'],
  ['influxql'],
  ['ground'],
  ['model'],
];
test('imports go one way', () => {
  const rank = new Map(ROOMS.flatMap((rooms, i) => rooms.map((room) => [room, i] as const)));
  for (const [path, text] of source) {
    if (!path.startsWith('src/')) continue;
    for (const spec of importsOf(text).filter((name) => name.startsWith('.'))) {
      const target = normalize(join(dirname(path), spec)).replace(/\.js$/, '');
      if (!target.startsWith('src/')) continue;
      const [from, to] = [roomOf(path), roomOf(`${target}.ts`)];
      const allowed = from === to || rank.get(from)! < rank.get(to)!;
      assert.ok(allowed, `${path} (${from}) imports ${target} (${to}) against the direction`);
      assert.ok(from !== 'cli' || to !== 'http', `${path} imports ${target}: commands know nothing of HTTP`);
    }
  }
});

test('what checks tables shares no code with what writes them', () => {
  for (const [path, text] of source) {
    if (!path.startsWith('src/check/')) continue;
    for (const spec of importsOf(text).filter((name) => name.startsWith('.'))) {
      const target = normalize(join(dirname(path), spec)).replace(/\.js$/, '');
      const isFree = ['src/check/', 'src/query/duckdb', 'src/disk', 'src/json', 'src/crc'].some((free) => target.startsWith(free));
      assert.ok(isFree || target === 'src/names', `${path} imports ${target}`);
      if (target === 'src/names') assert.match(text, /import \{ dataPaths \} from '..\/names.js'/, path);
    }
  }
});

test('no files import one another in a circle', () => {
  const imported = new Map([...source].map(([path, text]) => [path, importsOf(text).filter((spec) => spec.startsWith('.'))
    .map((spec) => `${normalize(join(dirname(path), spec)).replace(/\.js$/, '')}.ts`).filter((target) => source.has(target))] as const));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    assert.ok(!way.includes(path), `a circle: ${[...way.slice(way.indexOf(path)), path].join(' → ')}`);
    if (done.has(path)) return;
    for (const target of imported.get(path)!) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of source.keys()) visit(path, []);
});

test('every export is used somewhere else', () => {
  const everything = [...source, ...[...sourcesBelow('test'), ...sourcesBelow('bench')].map((path) => [path, readFileSync(join(root, path), 'utf8')] as const)];
  const unused: string[] = [];
  for (const [path, text] of source) {
    if (path.startsWith('assembly/')) continue;
    for (const [, name] of text.matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type|let) (\w+)/gm)) {
      const used = everything.some(([other, otherText]) => other !== path && new RegExp(`\\b${name}\\b`).test(otherText));
      if (!used) unused.push(`${path} exports ${name}`);
    }
  }
  assert.deepEqual(unused, []);
});

test('no debris', () => {
  for (const [path, text] of source) {
    assert.doesNotMatch(text, /\b(TODO|FIXME|XXX|HACK)\b/, path);
    assert.doesNotMatch(text, /console\.log/, path);
    assert.doesNotMatch(text, /^\s*\/\/\s*(const|let|if|for|return|import|export)\b.*[;{]\s*$/m, `${path} holds code that is commented out`);
  }
});

function roomOf(path: string): string {
  const [, first, second] = path.split('/');
  if (second !== undefined) return first!;
  const name = first!.replace(/\.ts$/, '');
  return { server: 'server', engine: 'engine', folder: 'engine' }[name] ?? 'ground';
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
