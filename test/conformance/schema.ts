/** What a table holds to: types and tags after its first write, by the rules of its database. */
import type { Case } from './run.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const DATABASE = '/api/v3/configure/database';
const ruled = (rules: string): readonly [string, string, Record<string, string>] => [`POST ${DATABASE}`, `{"db":"$DB",${rules}}`, JSON_TYPE];
const send = 'POST /api/v3/write_lp?db=$DB&precision=s';

/** A value for each type, and how it is stored. */
const TYPES: Readonly<Record<string, readonly [sent: string, stored: string]>> = {
  float: ['1.5', '1.5'], integer: ['2i', '2'], unsigned: ['3u', '3'], boolean: ['t', 'true'], string: ['"x"', '"x"'],
};
const pairs = Object.keys(TYPES).flatMap((has) => Object.keys(TYPES).filter((came) => came !== has).map((came) => [has, came] as const));

const strict = pairs.map(([has, came]): Case => ({
  rule: `strict: ${came} to ${has}`,
  before: [[send, `m v=${TYPES[has]![0]} 1`]],
  send,
  body: `m v=${TYPES[came]![0]} 2\nm v=${TYPES[has]![0]} 3`,
  status: 400,
  says: [/"line":1,"column":\d+,"code":"type-conflict","measurement":"m","key":"v"/, new RegExp(`has type ${has}, ${came} came`)],
  rows: [1, 3].map((s) => `m {"v":${TYPES[has]![1]}} @${s}s`),
}));

const split = pairs.map(([has, came]): Case => ({
  rule: `split: ${came} to ${has}`,
  before: [ruled('"types":"split"'), [send, `m v=${TYPES[has]![0]} 1`]],
  send,
  body: `m v=${TYPES[came]![0]} 2`,
  status: 204,
  says: '',
  rows: [`m {"v":${TYPES[has]![1]}} @1s`, `m {"v__${came}":${TYPES[came]![1]}} @2s`],
}));

const splitKind = (rule: string, body: string, ...rows: readonly string[]): Case => ({ rule: `split: ${rule}`, before: [ruled('"types":"split"')], send, body, status: 204, says: '', rows });

const splitKinds: readonly Case[] = [
  splitKind('a tag and a field of one line', 'm,t=a t="b",v=1 1', 'm {"t":"a","v":1.0,"t__field":"b"} @1s'),
  splitKind('a field that is a tag', 'm,t=a v=1 1\nm t=2i 2', 'm {"t":"a","v":1.0} @1s', 'm {"t__field":2} @2s'),
  splitKind('a tag that is a field', 'm v=1 1\nm,v=a w=2 2', 'm {"v":1.0} @1s', 'm {"w":2.0,"v__tag":"a"} @2s'),
  splitKind('a field that is a tag, of another type each', 'm,t=a t=1 1\nm,t=a t="x" 2', 'm {"t":"a","t__field":1.0} @1s', 'm {"t":"a","t__field__string":"x"} @2s'),
  splitKind('fields and tags called time', 'm time=1623708726566,v=1 1\nm,time=a v=2 2', 'm {"v":1.0,"time__field":1623708726566.0} @1s', 'm {"v":2.0,"time__tag":"a"} @2s'),
  { rule: 'split: a column that is taken costs the line', before: [ruled('"types":"split"')], send, body: 'm,t=a v=1 1\nm,t=a t=1,t__field=2 2', status: 400, says: /"line":2,"column":\d+,"code":"tag-and-field"/, rows: ['m {"t":"a","v":1.0} @1s'] },
];

const order = (rule: string, method: string, body: string, status: number, says: Case['says'], before: Case['before'] = []): Case => ({ rule, send: `${method} ${DATABASE}`, headers: JSON_TYPE, body, status, says, before });

export const schema: readonly Case[] = [
  ...strict,
  ...split,
  { rule: 'a field is no tag', before: [[send, 'm v=1 1']], send, body: 'm,v=a w=1 2', status: 400, says: /"line":1,"column":\d+,"code":"tag-and-field"/, rows: ['m {"v":1.0} @1s'] },
  { rule: 'a tag is no field', before: [[send, 'm,t=a v=1 1']], send, body: 'm t=1 2', status: 400, says: /"line":1,"column":\d+,"code":"tag-and-field"/, rows: ['m {"t":"a","v":1.0} @1s'] },
  ...splitKinds,
  { rule: 'the first line of a body decides a type', send, body: 'm v=1i 1\nm v=1 2', status: 400, says: /has type integer, float came/, rows: ['m {"v":1} @1s'] },
  { rule: 'a refused body defines no type', before: [[send, 'x v=1 1']], send: `${send}&accept_partial=false`, body: 'm v=1i 1\nm v=', status: 400, says: /line protocol parsing error/, rows: ['x {"v":1.0} @1s'] },
  { rule: 'tables have types of their own', before: [[send, 'm v=1 1']], send, body: 'n v="x" 1', status: 204, says: '', rows: ['m {"v":1.0} @1s', 'n {"v":"x"} @1s'] },
  { rule: 'tags grow', before: [[send, 'm,t=a v=1 1']], send, body: 'm,t=a,u=b v=2 2', status: 204, says: '', rows: ['m {"t":"a","v":1.0} @1s', 'm {"t":"a","v":2.0,"u":"b"} @2s'] },
  { rule: 'fixed: a new tag is refused', before: [ruled('"tags":"fixed"'), [send, 'm,t=a v=1 1']], send, body: 'm,u=b v=2 2', status: 400, says: [/"code":"tags-fixed"/, /tag \\"u\\" of table \\"m\\"/], rows: ['m {"t":"a","v":1.0} @1s'] },
  { rule: 'fixed: a known tag is taken', before: [ruled('"tags":"fixed"'), [send, 'm,t=a v=1 1']], send, body: 'm,t=b v=2 2', status: 204, says: '', rows: ['m {"t":"a","v":1.0} @1s', 'm {"t":"b","v":2.0} @2s'] },
  { rule: 'fixed: a new field is taken', before: [ruled('"tags":"fixed"'), [send, 'm,t=a v=1 1']], send, body: 'm,t=a w=2 2', status: 204, says: '', rows: ['m {"t":"a","v":1.0} @1s', 'm {"t":"a","w":2.0} @2s'] },
  { rule: 'fixed: a new table has tags of its own', before: [ruled('"tags":"fixed"'), [send, 'm,t=a v=1 1']], send, body: 'n,u=b v=2 2', status: 204, says: '', rows: ['m {"t":"a","v":1.0} @1s', 'n {"u":"b","v":2.0} @2s'] },
  { rule: 'retention: an old line is refused', before: [ruled('"retention_period":"1d"')], send, body: 'm v=1 1\nm v=2', status: 400, says: /"line":1,"column":7,"code":"beyond-retention"/, rows: ['m {"v":2.0} @now'] },
  { rule: 'retention: v1 says it in the words of InfluxDB 1', before: [ruled('"retention_period":"1d"')], send: 'POST /write?db=$DB&precision=s', body: 'm v=1 1', status: 400, says: /"error":"partial write: points beyond retention policy: /, rows: [] },
  { rule: 'retention: what is old is not shown', before: [[send, 'm v=1 1'], [`PUT ${DATABASE}`, '{"db":"$DB","retention_period":"1d"}', JSON_TYPE]], send, body: 'm v=2 2', status: 400, says: /"beyond-retention"/, rows: [] },
  { rule: 'widen: an integer becomes a float', before: [ruled('"types":"widen"'), [send, 'm v=1.5 1']], send, body: 'm v=2i 2', status: 204, says: '', rows: ['m {"v":1.5} @1s', 'm {"v":2.0} @2s'] },
  { rule: 'widen: a string stays a conflict', before: [ruled('"types":"widen"'), [send, 'm v=1.5 1']], send, body: 'm v="x" 2', status: 400, says: /"type-conflict"/, rows: ['m {"v":1.5} @1s'] },
  order('unknown tags rule', 'POST', '{"db":"$DB","tags":"x"}', 400, /\\"tags\\" is .*it must be grow or fixed/),
  order('unknown types rule', 'POST', '{"db":"$DB","types":"x"}', 400, /\\"types\\" is .*it must be strict or widen or split/),
  order('a rule that is no text', 'POST', '{"db":"$DB","tags":1}', 400, /"bad-parameter"/),
  order('rules are changed', 'PUT', '{"db":"$DB","types":"split"}', 200, '', [[`POST ${DATABASE}`, '{"db":"$DB"}', JSON_TYPE]]),
  order('rules of a database that is not there', 'PUT', '{"db":"$DB","types":"split"}', 404, /"database-not-found"/),
  { rule: 'a changed rule counts at once', before: [[send, 'm v=1 1'], [`PUT ${DATABASE}`, '{"db":"$DB","types":"split"}', JSON_TYPE]], send, body: 'm v="x" 2', status: 204, says: '', rows: ['m {"v":1.0} @1s', 'm {"v__string":"x"} @2s'] },
];
