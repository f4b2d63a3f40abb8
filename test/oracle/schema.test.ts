import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody } from './line-protocol.js';
import type { Parsed } from './point.js';
import { SchemaOracle } from './schema.js';

const lines = (...texts: string[]): Parsed => parseBody(Buffer.from(texts.join('\n')), { precision: 'ns', defaultTimeNs: 0n });
const split = (...texts: string[]): Parsed => parseBody(Buffer.from(texts.join('\n')), { precision: 'ns', defaultTimeNs: 0n, types: 'split' });
const columns = (schema: SchemaOracle, measurement: string): unknown => [...(schema.tables.get(measurement) ?? [])];

test('the first accepted line decides a kind, for its body and for later ones', () => {
  const schema = new SchemaOracle();
  const first = schema.write(lines('m f=1i', 'm f=2', 'm f=3i'));
  assert.deepEqual(first.points.map(({ line }) => line), [1, 3]);
  assert.deepEqual(first.errors, [{ line: 2, code: 'type-conflict' }]);
  assert.deepEqual(schema.write(lines('m f="x"')).errors, [{ line: 1, code: 'type-conflict' }]);
});

test('a name is tag or field, whichever came first', () => {
  const schema = new SchemaOracle();
  assert.deepEqual(schema.write(lines('m,a=x b=1', 'm a=1', 'm,b=x c=1')).errors, [
    { line: 2, code: 'tag-and-field' },
    { line: 3, code: 'tag-and-field' },
  ]);
});

test('a rejected line adds nothing', () => {
  const schema = new SchemaOracle();
  schema.write(lines('m f=1', 'm new=1,f=2i', 'm new="x",f=3', 'other f=1 x'));
  assert.deepEqual(columns(schema, 'm'), [['f', 'f64'], ['new', 'string']]);
  assert.deepEqual([...schema.tables.keys()], ['m']);
});

test('all or nothing: a refused body stores and defines nothing, and names all its bad lines', () => {
  const schema = new SchemaOracle();
  const refused = schema.write(lines('m f=1', 'm f=2i', 'm x'), false);
  assert.deepEqual(refused, { points: [], errors: [{ line: 2, code: 'type-conflict' }, { line: 3, code: 'fields-missing' }] });
  assert.equal(schema.tables.size, 0);
  assert.equal(schema.write(lines('m f=1i'), false).points.length, 1);
});

test('tags fixed: a table takes the tags of its first write and no others', () => {
  const schema = new SchemaOracle();
  const rules = { tags: 'fixed', types: 'strict' } as const;
  assert.deepEqual(schema.write(lines('m,t=a f=1', 'm,u=a f=1'), true, rules).errors, []);
  assert.deepEqual(schema.write(lines('m,t=b g=1', 'm,v=a f=1', 'm,f=a g=1', 'n,v=a f=1'), true, rules).errors, [
    { line: 2, code: 'tags-fixed' }, { line: 3, code: 'tag-and-field' },
  ]);
  assert.deepEqual(columns(schema, 'm'), [['t', 'tag'], ['f', 'f64'], ['u', 'tag'], ['g', 'f64']]);
});

test('widen: an integer that is exactly a float goes into a float column that is there', () => {
  const schema = new SchemaOracle();
  const rules = { tags: 'grow', types: 'widen' } as const;
  const { points, errors } = schema.write(lines('m f=1,i=1i', 'm f=-5i', 'm f=9007199254740993i', 'm f=1u', 'm i=1', 'm f=9223372036854775807i'), true, rules);
  assert.deepEqual(points[1]!.fields, [['f', { type: 'f64', value: -5 }]]);
  assert.deepEqual(errors.map(({ line, code }) => `${line} ${code}`), ['3 type-conflict', '4 type-conflict', '5 type-conflict', '6 type-conflict']);
});

test('split: a value of another type goes to a key of its own, unless that is another kind or stands in the line', () => {
  const schema = new SchemaOracle();
  const rules = { tags: 'grow', types: 'split' } as const;
  const { points, errors } = schema.write(lines('m f=1,g=1', 'm f=1i', 'm g__string=1', 'm g="x"', 'm f=t,f__boolean=t', 'm,f=x g=1'), true, rules);
  assert.deepEqual(points[1]!.fields, [['f__integer', { type: 'i64', value: 1n }]]);
  assert.deepEqual(errors.map(({ line, code }) => `${line} ${code}`), ['4 type-conflict', '5 type-conflict']);
  assert.deepEqual(columns(schema, 'm'), [['f', 'f64'], ['g', 'f64'], ['f__integer', 'i64'], ['g__string', 'f64'], ['f__tag', 'tag']]);
});

test('a line over a limit is rejected and adds nothing', () => {
  const schema = new SchemaOracle({ tablesMax: 1, columnsMax: 2 });
  assert.deepEqual(schema.write(lines('m,t=a f=1', 'm g=1', 'n f=1', 'm,t=b f=2')).errors, [
    { line: 2, code: 'too-many-columns' },
    { line: 3, code: 'too-many-tables' },
  ]);
  assert.deepEqual(columns(schema, 'm'), [['t', 'tag'], ['f', 'f64']]);
});

test('split: a tag and a field of one name each have a column, whichever came first, and so has `time`', () => {
  const schema = new SchemaOracle();
  const rules = { tags: 'grow', types: 'split' } as const;
  const { points, errors } = schema.write(split(
    'm,t=a f=1', 'm t=1', 'm t=2i', 'm,f=x f=2', 'm,t=b t=3', 'm,n=c n="s"', 'm,time=u f=4', 'm time=5', 'm time="x"',
    'm,t=a,t__field=b t=1', 'm,t=a t=1,t__field=2', 'm,f=y,f__tag=z f=1', 'm t=t,t__field__boolean=t', 'm,time=u,time__tag=v f=1',
  ), true, rules);
  assert.deepEqual(points.map(({ tags, fields }) => [...tags.map(([key]) => key), ...fields.map(([key, { type }]) => `${key} ${type}`)].join()), [
    't,f f64', 't__field f64', 't__field__integer i64', 'f__tag,f f64', 't,t__field f64', 'n,n__field string', 'time__tag,f f64', 'time__field f64',
    'time__field__string string',
  ]);
  assert.deepEqual(errors.map(({ line, code }) => `${line} ${code}`), ['10 tag-and-field', '11 tag-and-field', '12 tag-and-field', '13 tag-and-field', '14 reserved-name']);
});

test('split: columns of tags moved count for `fixed`, and one of another kind at their key is no place', () => {
  const schema = new SchemaOracle();
  const rules = { tags: 'grow', types: 'split' } as const;
  schema.write(split('m,a__field=x,t=1 f=1,f__tag=1,a=1', 'm,b=1 f=1'), true, rules);
  assert.deepEqual(schema.write(split('m,f=x a=1', 'm,a=x f=1'), true, { ...rules, tags: 'fixed' }).errors.map(({ code }) => code), ['tag-and-field', 'tags-fixed']);
});
