/** The list of damages that the corruption matrix goes through: each kind of file, each blow, at chosen and at random places. */
import type { Random } from '../fuzz/random.js';
import { BLOWS, damaged, flipOf, NO_DAMAGE, stray, type Blow, type BlowName, type Damage } from './corruption-damage.js';
import type { Ending } from './corruption-folder.js';
import type { Layout, TableFolder } from './corruption-layout.js';

/** One case, before chance has chosen the place. */
export interface CorruptionCase {
  readonly says: string;
  readonly ending: Ending;
  /** Served with tokens. */
  readonly withAuth: boolean;
  /** null: the folder has no such file or place. */
  readonly damage: (layout: Layout, random: Random) => Damage | null;
}

/** Chooses a file; undefined: the folder has none of the kind. */
type Choose = (layout: Layout, random: Random) => string | undefined;

const ofTables = (layout: Layout): TableFolder[] => layout.tables.filter(({ commits }) => commits.length >= 3);

const FILES: Readonly<Record<string, Choose>> = {
  'oldest segment': ({ segments }) => segments[0],
  'middle segment': ({ segments }) => segments[segments.length >> 1],
  'newest segment': ({ segments }) => segments.at(-1),
  'catalog': () => 'catalog.json',
  'previous catalog': () => 'catalog.previous.json',
  'tokens': () => 'tokens.json',
  'admin token': () => 'admin-token',
  'oldest commit': (layout, random) => random.pick(ofTables(layout)).commits[0],
  'middle commit': (layout, random) => random.pick(ofTables(layout)).commits[1],
  'newest commit': (layout, random) => random.pick(ofTables(layout)).commits.at(-1),
  'data file': (layout, random) => random.pick([...random.pick(ofTables(layout)).files.keys()]),
  'rejects file': ({ files }) => [...files.keys()].find((path) => path.startsWith('rejects/')),
  'import progress': ({ files }) => [...files.keys()].find((path) => path.startsWith('imports/')),
};

/** How often each blow falls on each kind of file. */
const TIMES: Readonly<Record<BlowName, number>> = { flip: 6, cut: 3, empty: 1, zero: 2, garbage: 2, append: 1, delete: 1 };

/** Finds an offset in a file; undefined: no such place. */
type Place = (bytes: Buffer, layout: Layout, path: string, random: Random) => number | undefined;

/** A random byte of what a pattern's first group matches. */
const inText = (pattern: RegExp): Place => (bytes, _layout, _path, random) => {
  const [from, to] = new RegExp(pattern, 'd').exec(bytes.toString('latin1'))?.indices?.[1] ?? [];
  return from === undefined ? undefined : from + random.below(to! - from);
};
/** The first byte of what a pattern's first group matches. */
const atText = (pattern: RegExp): Place => (bytes) => new RegExp(pattern, 'd').exec(bytes.toString('latin1'))?.indices?.[1]?.[0];
const at = (offset: number, bytes = 1): Place => (_bytes, _layout, _path, random) => offset + random.below(bytes);
const fromEnd = (offset: number, bytes = 1): Place => (whole, _layout, _path, random) => whole.length - offset + random.below(bytes);
/** In a random record of a segment. */
const inRecord = (offset: number, bytes: number): Place => (_bytes, { records }, path, random) =>
  random.pick(records.filter((record) => record.path === path)).from + offset + random.below(bytes);
const inCatalogRecord: Place = (_bytes, { records }, path, random) => {
  const changes = records.filter((record) => record.path === path && record.tables.length > 0);
  return changes.length === 0 ? undefined : random.pick(changes).from + 32 + random.below(20);
};
/** Where a record begins that is not the first. */
const atRecord: Place = (_bytes, { records }, path, random) => random.pick(records.filter((record) => record.path === path).slice(1)).from;

const SEGMENT_PLACES: Readonly<Record<string, Place>> = {
  'magic': at(0, 8), 'readable-from': at(12, 4), 'first number': at(16, 8), 'node': at(24, 8), 'process start': at(32, 8),
  'zero bytes of the header': at(40, 20), 'CRC of the header': at(60, 4),
  'magic of a record': inRecord(0, 4), 'kind of a record': inRecord(4, 1), 'fixed length': inRecord(8, 4), 'payload length': inRecord(12, 4),
  'number of a record': inRecord(16, 8), 'CRC of a body': inRecord(24, 4), 'CRC of a record\'s header': inRecord(28, 4),
  'fixed part': inRecord(32, 72), 'payload': inRecord(110, 40), 'catalog record': inCatalogRecord, 'last byte': fromEnd(1),
};
const COMMIT_PLACES: Readonly<Record<string, Place>> = {
  'add.path': inText(/"add":\{"path":"([^"]+)"/), 'add.size': inText(/"size":(\d+)/), 'numRecords': inText(/numRecords\\":(\d+)/),
  'add key': inText(/"(add)":/), 'path key': inText(/"(path)":/), 'txn key': inText(/"(txn)":/), 'txn.appId': inText(/"appId":"([^"]+)"/), 'txn.version': inText(/"version":(\d+)/),
  'version key': inText(/"(version)":\d+,"lastUpdated/), 'statistics': inText(/"stats":"(.*?)"\}\}/), 'structure': inText(/(\}\}\n\{")/), 'first byte': at(0), 'last byte': fromEnd(1),
  'schema': inText(/"schemaString":"(.*?)","part/), 'description': inText(/"description":"([^"]+)"/), 'measurement': inText(/"name":"([^"]+)","desc/),
  'readers': inText(/"minReaderVersion":(\d)/), 'writers': inText(/"minWriterVersion":(\d)/), 'partition columns': inText(/"partitionColumns":(\[\])/),
};
const CATALOG_PLACES: Readonly<Record<string, Place>> = {
  'crc': inText(/"crc":"(\w+)"/), 'upTo': inText(/"upTo":(\d+)/), 'flushedTo': inText(/"flushedTo":([1-9]\d+)/), 'next ids': inText(/"next":\{([^}]+)/),
  'folder': inText(/"folder":"([^"]+)"/), 'structure': inText(/(\},\{)/), 'node': inText(/"node":"(\w+)"/), 'format': inText(/"format":(\d)/),
};
const PARQUET_PLACES: Readonly<Record<string, Place>> = {
  'first magic': at(0, 4), 'last magic': fromEnd(4, 4), 'footer length': fromEnd(8, 4), 'footer': fromEnd(200, 190), 'first page header': at(4, 12), 'first page': at(20, 40),
};
const TOKEN_PLACES: Readonly<Record<string, Place>> = {
  'hash of the operator': inText(/"sha512":"(\w+)"/), 'hash of another': inText(/"limited","sha512":"(\w+)"/), 'name': inText(/"name":"(limited)"/), 'admin': inText(/"(admin)":true/),
  'database': inText(/"databases":\["(\w+)"/), 'permission': inText(/"permissions":\["(\w+)"/), 'next id': inText(/"nextId":(\d+)/), 'format': inText(/"format":(\d)/),
  'expiry': inText(/"expires":(null)/), 'list': atText(/"tokens":(\[)/),
};
const IMPORT_PLACES: Readonly<Record<string, Place>> = {
  'offset': inText(/"reached":\{"bytes":(\d+)/), 'higher offset': inText(/"reached":\{"bytes":\d(\d)/), 'lines': inText(/"physicalLines":(\d+)/),
  'sample': inText(/"sample":"(\w+)"/), 'done': inText(/"isDone":(false)/), 'format': inText(/"format":(\d)/),
};
const TARGETS: readonly (readonly [files: readonly string[], places: Readonly<Record<string, Place>>])[] = [
  [['oldest segment', 'middle segment', 'newest segment'], SEGMENT_PLACES],
  [['oldest commit', 'middle commit', 'newest commit'], COMMIT_PLACES],
  [['catalog', 'previous catalog'], CATALOG_PLACES],
  [['data file', 'data file'], PARQUET_PLACES],
  [['tokens', 'tokens'], TOKEN_PLACES],
  [['import progress', 'import progress'], IMPORT_PLACES],
];
/** Blows that fall on places of their own. */
const PRECISE: readonly (readonly [file: string, says: string, blow: Blow, place: Place])[] = [
  // 1… becomes 9…, which is over 2^53; an even digit becomes the next, some days ahead.
  ...['oldest commit', 'middle commit', 'newest commit'].flatMap((file) => [
    [file, 'txn.version over 2^53', flipOf(3), atText(/"version":(1)/)] as const,
    [file, 'a higher txn.version', flipOf(0), atText(/"version":\d*?([0246])\d*,"lastUpdated/)] as const,
    [file, 'cut between two actions', BLOWS.cut, atText(/\n(\{"txn)/)] as const,
  ]),
  ...['oldest segment', 'middle segment', 'newest segment'].flatMap((file) => [
    [file, 'cut between two records', BLOWS.cut, atRecord] as const,
    [file, 'cut behind the header', BLOWS.cut, at(64)] as const,
    [file, 'cut in the header', BLOWS.cut, at(1, 62)] as const,
  ]),
];

/** Files of nobody, by path; some lean on what the folder has. */
const STRAYS: readonly ((layout: Layout, random: Random) => string)[] = [
  () => 'tables/stray', () => 'tables/plant/stray', () => 'tables/new/stray.parquet', () => 'tables/plant/engine/stray.parquet',
  () => 'tables/plant/engine/_delta_log/stray', () => 'tables/plant/engine/_delta_log/_last_checkpoint', () => 'tables/plant/engine/_delta_log/00000000000000000000.crc',
  () => 'tables/plant/pump/_delta_log/00000000000000000099.json', () => 'tables/plant/engine/_delta_log/.tmp.json',
  ({ tables }) => { const { path, commits } = tables.find(({ key }) => key === 'shop.sales')!; return `${path}/_delta_log/${String(commits.length).padStart(20, '0')}.json`; },
  // Named as a data file of ours: of a cut whose commit never came.
  ({ tables }) => [...tables[0]!.files.keys()].at(-1)!.replace(/\d+\.parquet$/, '7.parquet'),
  ({ tables }) => `${tables[0]!.path}/00000000-1700000000000000-0.parquet`,
  () => 'log/stray', () => 'log/stray.log', () => 'log/0000000000000001.log', () => 'log/8999999999999999.log', () => 'log/9999999999999999.log',
  // In the middle of the numbers of a segment: of its first record it would be the segment itself.
  ({ records, segments }, random) => `log/${random.pick(records.filter(({ seq, path }) => segments.slice(0, 2).includes(path) && !path.includes(String(seq)))).seq}.log`,
  () => 'catalog.json.tmp', () => 'tokens.json.tmp', () => 'tmp/1-1/stray.parquet', () => 'tmp/stray', () => 'rejects/stray', () => 'rejects/plant/stray.jsonl',
  () => 'rejects/plant/9999999999999999.jsonl', () => 'imports/stray.json', () => 'quarantine/stray', () => 'trash/stray', () => 'sluice.sock', () => '.stray',
];

/** Every case; the place where chance has a say comes from the case's own seed. */
export function allCases(): CorruptionCase[] {
  const nothing: CorruptionCase = { says: 'nothing', ending: 'killed', withAuth: false, damage: () => NO_DAMAGE };
  const cases = [nothing, { ...nothing, ending: 'stopped' as const }, { ...nothing, withAuth: true }, ...everyBlow('killed', TIMES)];
  for (const [files, places] of TARGETS) {
    for (const file of files) for (const [says, place] of Object.entries(places)) cases.push(hit('killed', file, `flip in ${says}`, BLOWS.flip, place));
  }
  for (const [file, says, blow, place] of PRECISE) cases.push(hit('killed', file, says, blow, place));
  for (const path of STRAYS) {
    for (const isEmpty of [true, false]) {
      cases.push({ says: 'stray file', ending: 'killed', withAuth: false, damage: (layout, random) => stray(path(layout, random), isEmpty, random) });
    }
  }
  return [...cases, ...everyBlow('stopped', { flip: 1, cut: 1, empty: 1, zero: 0, garbage: 1, append: 1, delete: 1 })];
}

function everyBlow(ending: Ending, times: Readonly<Record<BlowName, number>>): CorruptionCase[] {
  return Object.keys(FILES).flatMap((file) => (Object.keys(BLOWS) as BlowName[]).flatMap((blow) =>
    Array.from({ length: times[blow] }, () => hit(ending, file, blow, BLOWS[blow], (bytes, _layout, _path, random) => random.below(bytes.length)))));
}

function hit(ending: Ending, file: string, says: string, blow: Blow, place: Place): CorruptionCase {
  return {
    says: `${file}: ${says}`,
    ending,
    withAuth: file === 'tokens' || file === 'admin token',
    damage: (layout, random) => {
      const path = FILES[file]!(layout, random);
      const before = path === undefined ? undefined : layout.files.get(path);
      const offset = before === undefined ? undefined : place(before, layout, path!, random);
      return offset === undefined ? null : damaged(path!, before!, offset, says, blow, random);
    },
  };
}
