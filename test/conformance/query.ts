/** /query: the InfluxQL that clients send around their writes. */
import type { Case } from './run.js';

const ask = (q: string, more = ''): string => `GET /query?q=${encodeURIComponent(q).replaceAll('%24DB', '$DB')}${more}`;
const WRITE = [['POST /write?db=$DB&precision=s', 'm,t=a,u=b v=1,i=2i,s="x",b=t,n=3u 1']] as const;
const ROWS = ['m {"t":"a","u":"b","v":1.0,"i":2,"s":"x","b":true,"n":3} @1s'];
const DONE = /^\{"results":\[\{"statement_id":0\}\]\}$/;

const made = (rule: string, q: string): Case => ({ rule: `/query: ${rule}`, send: ask(q), status: 200, says: DONE });
const shown = (rule: string, q: string, says: RegExp, more = ''): Case => ({ rule: `/query: ${rule}`, before: WRITE, send: ask(q, more), status: 200, says, rows: ROWS });
const failed = (rule: string, q: string, says: RegExp): Case => ({ rule: `/query: ${rule}`, send: ask(q), status: 200, says: new RegExp(`^\\{"results":\\[\\{"statement_id":0,"error":"[^"]*${says.source}`) });
const unread = (rule: string, q: string, says: RegExp): Case => ({ rule: `/query: ${rule}`, send: ask(q), status: 400, says: [/^\{"error":"error parsing query: .+","code":"bad-query"\}$/, says] });

export const query: readonly Case[] = [
  made('CREATE DATABASE', 'CREATE DATABASE "$DB"'),
  made('CREATE DATABASE without quotes', 'CREATE DATABASE $DB'),
  made('keywords in any case', 'create database $DB'),
  made('CREATE DATABASE IF NOT EXISTS', 'CREATE DATABASE IF NOT EXISTS $DB'),
  made('WITH DURATION is accepted', 'CREATE DATABASE $DB WITH DURATION 1d REPLICATION 1 NAME "x"'),
  made('a semicolon at the end', 'CREATE DATABASE $DB;'),
  made('DROP DATABASE of none', 'DROP DATABASE $DB'),
  { rule: '/query: CREATE DATABASE a second time', before: [['POST /query?q=CREATE+DATABASE+$DB', '']], send: ask('CREATE DATABASE $DB'), status: 200, says: DONE },
  { rule: '/query: DROP DATABASE takes its rows', before: WRITE, send: ask('DROP DATABASE "$DB"'), status: 200, says: DONE, rows: [] },
  { rule: '/query: DROP MEASUREMENT takes its rows', before: WRITE, send: ask('DROP MEASUREMENT m', '&db=$DB'), status: 200, says: DONE, rows: [] },
  shown('SHOW DATABASES', 'SHOW DATABASES', /"name":"databases","columns":\["name"\]/),
  shown('SHOW MEASUREMENTS ON', 'SHOW MEASUREMENTS ON "$DB"', /"name":"measurements","columns":\["name"\],"values":\[\["m"\]\]/),
  shown('SHOW MEASUREMENTS of db', 'SHOW MEASUREMENTS', /"values":\[\["m"\]\]/, '&db=$DB'),
  shown('SHOW TAG KEYS', 'SHOW TAG KEYS ON $DB', /"name":"m","columns":\["tagKey"\],"values":\[\["t"\],\["u"\]\]/),
  shown('SHOW TAG KEYS FROM', 'SHOW TAG KEYS ON $DB FROM m', /\["t"\],\["u"\]/),
  shown('SHOW TAG KEYS FROM another', 'SHOW TAG KEYS ON $DB FROM x', DONE),
  shown('SHOW FIELD KEYS', 'SHOW FIELD KEYS ON $DB', /"columns":\["fieldKey","fieldType"\],"values":\[\["b","boolean"\],\["i","integer"\],\["n","unsigned"\],\["s","string"\],\["v","float"\]\]/),
  shown('SHOW FIELD KEYS FROM db..m', 'SHOW FIELD KEYS FROM $DB..m', /\["v","float"\]/),
  shown('SHOW RETENTION POLICIES', 'SHOW RETENTION POLICIES ON $DB', /"columns":\["name","duration","shardGroupDuration","replicaN","default"\],"values":\[\["autogen","0s","0s",1,true\]\]/),
  { rule: '/query: a database of a policy is a policy', before: [['POST /write?db=$DB&rp=x&precision=s', 'm v=1 1']], in: '$DB/x', rows: ['m {"v":1.0} @1s'], send: ask('SHOW RETENTION POLICIES ON $DB'), status: 200, says: /\["x","0s","0s",1,false\]/ },
  { rule: '/query: several statements, several results', send: ask('CREATE DATABASE $DB; SHOW MEASUREMENTS ON $DB'), status: 200, says: /^\{"results":\[\{"statement_id":0\},\{"statement_id":1\}\]\}$/ },
  failed('SHOW MEASUREMENTS of none', 'SHOW MEASUREMENTS ON $DB', /database not found: /),
  failed('SHOW TAG KEYS of none', 'SHOW TAG KEYS ON $DB', /database not found: /),
  failed('SHOW FIELD KEYS of none', 'SHOW FIELD KEYS ON $DB', /database not found: /),
  failed('SHOW RETENTION POLICIES of none', 'SHOW RETENTION POLICIES ON $DB', /database not found: /),
  failed('SHOW MEASUREMENTS without a database', 'SHOW MEASUREMENTS', /.*database name required/),
  failed('a name that is not allowed', 'CREATE DATABASE "a b"', /the database name is not allowed/),
  { rule: '/query: DROP MEASUREMENT of none', before: WRITE, send: ask('DROP MEASUREMENT x', '&db=$DB'), status: 200, says: /"error":"measurement not found: x"/, rows: ROWS },
  { rule: '/query: after one that fails none is executed', send: ask('SHOW MEASUREMENTS ON $DB; CREATE DATABASE $DB'), status: 200, says: /"statement_id":1,"error":"not executed"/ },
  {
    rule: '/query: CREATE RETENTION POLICY behind CREATE DATABASE', status: 200, says: /^\{"results":\[\{"statement_id":0\},\{"statement_id":1\}\]\}$/,
    send: ask('CREATE DATABASE "$DB";CREATE RETENTION POLICY "raw" ON "$DB" DURATION 30d REPLICATION 1 DEFAULT'),
  },
  {
    rule: '/query: a statement that is not answered costs the others nothing', status: 200,
    send: ask('SELECT 1; nonsense; CREATE DATABASE $DB; SHOW MEASUREMENTS ON $DB'), says: /"statement_id":1,"error":"error parsing query: .*\{"statement_id":2\},\{"statement_id":3\}/,
  },
  { rule: '/query: ALTER RETENTION POLICY is done', before: WRITE, send: ask('ALTER RETENTION POLICY autogen ON $DB DURATION 1d'), status: 200, says: DONE, rows: [] },
  {
    rule: '/query: DROP RETENTION POLICY takes the rows of its database', before: [['POST /write?db=$DB&rp=x&precision=s', 'm v=1 1']],
    in: '$DB/x', rows: [], send: ask('DROP RETENTION POLICY x ON $DB'), status: 200, says: DONE,
  },
  { rule: '/query: DROP RETENTION POLICY autogen is refused', before: WRITE, send: ask('DROP RETENTION POLICY autogen ON $DB'), status: 200, says: /DROP DATABASE drops it/, rows: ROWS },
  shown('SHOW MEASUREMENTS LIMIT and OFFSET', 'SHOW MEASUREMENTS ON $DB LIMIT 1 OFFSET 1', DONE),
  shown('SHOW MEASUREMENTS WITH MEASUREMENT =~', 'SHOW MEASUREMENTS ON $DB WITH MEASUREMENT =~ /(?i)^M$/', /"values":\[\["m"\]\]/),
  shown('SHOW MEASUREMENTS WITH MEASUREMENT =', 'SHOW MEASUREMENTS ON $DB WITH MEASUREMENT = "x"', DONE),
  shown('SHOW TAG KEYS FROM a pattern', 'SHOW TAG KEYS ON $DB FROM /m|x/ LIMIT 1', /"values":\[\["t"\]\]/),
  shown('SHOW MEASUREMENT CARDINALITY', 'SHOW MEASUREMENT CARDINALITY ON $DB', /"columns":\["cardinality estimation"\],"values":\[\[1\]\]/),
  { rule: '/query: SHOW USERS', send: ask('SHOW USERS'), status: 200, says: /"columns":\["user","admin"\]/ },
  { rule: '/query: SHOW STATS', send: ask('SHOW STATS'), status: 200, says: /^\{"results":\[\{"statement_id":0/ },
  { rule: '/query: SHOW DIAGNOSTICS', send: ask('SHOW DIAGNOSTICS'), status: 200, says: /"name":"build".*"1\.8\.\d+".*"name":"system"/ },
  { rule: '/query: results as CSV', send: ask('SHOW MEASUREMENTS ON $DB'), before: WRITE, headers: { Accept: 'text/csv' }, status: 200, says: /^name,tags,name\nmeasurements,,m\n$/, rows: ROWS },
  { rule: '/query: comments are left out', send: ask('/* a;b */ CREATE DATABASE $DB -- done'), status: 200, says: DONE },
  failed('SELECT', 'SELECT * FROM m', /sluice does not offer this: SELECT: rows are read with SQL/),
  failed('SHOW TAG VALUES', 'SHOW TAG VALUES FROM m WITH KEY = t', /sluice does not offer this: SHOW TAG VALUES: .*sluice query/),
  failed('SHOW SERIES', 'SHOW SERIES', /sluice does not offer this: SHOW SERIES/),
  failed('CREATE USER', "CREATE USER u WITH PASSWORD 'p'", /.*sluice token create/),
  failed('GRANT', 'GRANT ALL ON d TO u', /.*user not found/),
  failed('CREATE CONTINUOUS QUERY', 'CREATE CONTINUOUS QUERY q ON d BEGIN SELECT 1 INTO x FROM y END', /.*nothing is computed/),
  failed('CREATE RETENTION POLICY of no database', 'CREATE RETENTION POLICY r ON $DB DURATION 1d REPLICATION 1', /database not found/),
  unread('another word', 'SHOW NOTHING', /\\"SHOW NOTHING\\" is not answered here/),
  unread('a quote that is not closed', 'CREATE DATABASE "x', /is not closed/),
  unread('no name', 'CREATE DATABASE', /found its end, expected a name/),
  unread('words behind a statement', 'SHOW DATABASES now', /expected ; or the end/),
  unread('an unknown WITH', 'CREATE DATABASE x WITH y', /expected DURATION/),
  unread('101 statements', 'SHOW DATABASES;'.repeat(101), /more than 100 statements/),
  { rule: '/query: no q', send: 'GET /query', status: 400, says: /missing required parameter/ },
  { rule: '/query: an empty q', send: 'GET /query?q=', status: 400, says: /missing required parameter/ },
  { rule: '/query: q in a form', send: 'POST /query', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'q=CREATE+DATABASE+$DB', status: 200, says: DONE },
  { rule: '/query: q in JSON', send: 'POST /query', headers: { 'Content-Type': 'application/json' }, body: '{"q":"CREATE DATABASE $DB"}', status: 200, says: DONE },
  { rule: '/query: q in the URL of a POST', send: 'POST /query?q=CREATE+DATABASE+$DB', status: 200, says: DONE },
  { rule: '/query: JSON that is broken', send: 'POST /query', headers: { 'Content-Type': 'application/json' }, body: '{', status: 400, says: /the body is not JSON/ },
  { rule: '/query: PUT is 405', send: 'PUT /query?q=SHOW+DATABASES', status: 405, says: /"method-not-allowed"/, has: { allow: /GET, .*POST/ } },
  { rule: '/query: HEAD has no body', send: 'HEAD /query?q=SHOW+DATABASES', status: 200, says: '' },
];
