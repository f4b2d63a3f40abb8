/** The query string of a write: which database it names, what its switches mean, how it is decoded. */
import { each, refusal, type Case } from './run.js';

const LINE = 'm v=1 1735689600';
const ROW = ['m {"v":1.0} @1735689600s'];
const BAD = 'm v=1 1735689600\nm v= 1735689600';

const all = each((d) => {
  const { name, path, key } = d;
  const post = (query: string): string => `POST ${path}${query}`;
  return [
    { rule: `${name}: a write of good lines is 204`, send: post(`?${key}=$DB`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: PUT writes`, send: `PUT ${path}?${key}=$DB`, body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: GET is 405`, send: `GET ${path}?${key}=$DB`, status: 405, says: refusal(d, 'method-not-allowed', 'method not allowed'), has: { allow: /^POST, PUT$/ } },
    { rule: `${name}: no query string`, send: post(''), body: LINE, status: 400, says: [refusal(d, 'database-missing'), new RegExp(`add ${key}=NAME`)] },
    { rule: `${name}: an empty database`, send: post(`?${key}=`), body: LINE, status: 400, says: refusal(d, 'database-missing') },
    { rule: `${name}: a database without =`, send: post(`?${key}`), body: LINE, status: 400, says: refusal(d, 'database-missing') },
    { rule: `${name}: the other dialect's key is no database`, send: post(`?${key === 'db' ? 'bucket' : 'db'}=$DB`), body: LINE, status: 400, says: refusal(d, 'database-missing') },
    { rule: `${name}: keys are case sensitive`, send: post(`?${key.toUpperCase()}=$DB`), body: LINE, status: 400, says: refusal(d, 'database-missing') },
    { rule: `${name}: the database twice`, send: post(`?${key}=$DB&${key}=$DB`), body: LINE, status: 400, says: [refusal(d, 'bad-parameter'), /stands twice/] },
    { rule: `${name}: precision twice`, send: post(`?${key}=$DB&precision=s&precision=s`), body: LINE, status: 400, says: [refusal(d, 'bad-parameter'), /precision stands twice/] },
    { rule: `${name}: accept_partial twice`, send: post(`?${key}=$DB&accept_partial=true&accept_partial=true`), body: LINE, status: 400, says: [refusal(d, 'bad-parameter'), /accept_partial stands twice/] },
    { rule: `${name}: an unknown parameter twice is nothing`, send: post(`?${key}=$DB&x=1&x=2`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: an unknown parameter is ignored`, send: post(`?x=1&${key}=$DB`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: consistency is ignored`, send: post(`?${key}=$DB&consistency=quorum`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: org and orgID are ignored`, send: post(`?${key}=$DB&org=x&orgID=y`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: u is ignored`, send: post(`?${key}=$DB&u=any`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: accept_partial=true stores the good`, send: post(`?${key}=$DB&accept_partial=true`), body: BAD, status: 400, says: /"total":1,"data":\[\{.*"line":2/, rows: ROW },
    { rule: `${name}: without accept_partial the good is stored`, send: post(`?${key}=$DB`), body: BAD, status: 400, says: /"total":1,"data":\[\{.*"line":2/, rows: ROW },
    { rule: `${name}: accept_partial=false stores all or nothing`, send: post(`?${key}=$DB&accept_partial=false`), body: BAD, status: 400, says: name === 'v3' ? /"error":"line protocol parsing error"/ : /nothing was stored/, rows: [] },
    { rule: `${name}: accept_partial=false of good lines is 204`, send: post(`?${key}=$DB&accept_partial=false`), body: LINE, status: 204, says: '', rows: ROW },
    ...['1', 'TRUE', '', 'yes'].map((value) => ({ rule: `${name}: accept_partial is true or false`, send: post(`?${key}=$DB&accept_partial=${value}`), body: LINE, status: 400, says: [refusal(d, 'bad-parameter'), /neither true nor false/] })),
    { rule: `${name}: no_sync=true`, send: post(`?${key}=$DB&no_sync=true`), body: LINE, status: 204, says: '', rows: ROW },
    name === 'v3'
      ? { rule: 'v3: no_sync is true or false', send: post(`?${key}=$DB&no_sync=1`), body: LINE, status: 400, says: /no_sync=\\"1\\" is neither true nor false/ }
      : { rule: `${name}: no_sync is ignored`, send: post(`?${key}=$DB&no_sync=1&no_sync=2`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: escapes of the key and the value are decoded`, send: post(`?%${key.charCodeAt(0).toString(16)}${key.slice(1)}=$DB%2Dx`), body: LINE, status: 204, says: '', in: '$DB-x', rows: ROW },
    { rule: `${name}: a plus is a space, which no name has`, send: post(`?${key}=$DB+x`), body: LINE, status: 400, says: refusal(d, 'bad-database-name') },
    { rule: `${name}: an escape that is none stands for itself`, send: post(`?${key}=$DB%zz`), body: LINE, status: 400, says: [refusal(d, 'bad-database-name'), /%zz/] },
    { rule: `${name}: empty pairs are nothing`, send: post(`?&&${key}=$DB&&`), body: LINE, status: 204, says: '', rows: ROW },
    { rule: `${name}: an empty body is 204`, send: post(`?${key}=$DB`), body: '', status: 204, says: '', rows: [] },
    { rule: `${name}: blank lines and comments alone are 204`, send: post(`?${key}=$DB`), body: '\n# x\n\n', status: 204, says: '', rows: [] },
    { rule: `${name}: the client's Request-Id comes back`, send: post(`?${key}=$DB`), body: LINE, headers: { 'Request-Id': 'mine-7' }, status: 204, says: '', has: { 'request-id': /^mine-7$/, 'x-request-id': /^mine-7$/ }, rows: ROW },
    { rule: `${name}: X-Request-Id comes back`, send: post(`?${key}=$DB`), body: LINE, headers: { 'X-Request-Id': 'mine-8' }, status: 204, says: '', has: { 'request-id': /^mine-8$/ }, rows: ROW },
    { rule: `${name}: the answer may be read from any origin`, send: post(`?${key}=$DB`), body: LINE, headers: { Origin: 'http://a.example' }, status: 204, says: '', has: { 'access-control-allow-origin': /^\*$/ }, rows: ROW },
    { rule: `${name}: preflight is 204`, send: `OPTIONS ${path}`, status: 204, says: '', has: { 'access-control-allow-methods': /./, 'access-control-allow-headers': /./ } },
    ...['application/json', 'text/plain; charset=utf-8', 'application/octet-stream', 'x'].map((type) => ({ rule: `${name}: Content-Type is not looked at`, send: post(`?${key}=$DB`), headers: { 'Content-Type': type }, body: LINE, status: 204, says: '' as const, rows: ROW })),
  ];
});

const policy = (rule: string, rp: string, into: string): Case => ({ rule: `v1: ${rule}`, send: `POST /write?db=$DB&rp=${rp}`, body: LINE, status: 204, says: '', in: into, rows: ROW });

export const parameters: readonly Case[] = [
  ...all,
  policy('an empty rp is the database alone', '', '$DB'),
  policy("the rp '' is the database alone", "''", '$DB'),
  policy('the rp autogen is the database alone', 'autogen', '$DB'),
  policy('the rp autogen in any case', 'AutoGen', '$DB'),
  policy('the rp default is the database alone', 'default', '$DB'),
  policy('another rp stands behind a slash', 'two_weeks', '$DB/two_weeks'),
  policy('an rp is lower-cased', 'TwoWeeks', '$DB/twoweeks'),
  { rule: 'v1: rp twice', send: 'POST /write?db=$DB&rp=a&rp=a', body: LINE, status: 400, says: /rp stands twice/ },
  { rule: 'v1: p twice', send: 'POST /write?db=$DB&p=a&p=a', body: LINE, status: 400, says: /p stands twice/ },
  { rule: 'v1: an rp with a slash', send: 'POST /write?db=$DB&rp=a/b', body: LINE, status: 400, says: /"bad-database-name"/ },
  { rule: 'v1: rp joins a db that has a slash', send: 'POST /write?db=$DB/a&rp=b', body: LINE, status: 400, says: /"bad-database-name"/ },
  { rule: 'v1: db may be db/rp', send: 'POST /write?db=$DB/a', body: LINE, status: 204, says: '', in: '$DB/a', rows: ROW },
  { rule: 'v1: db/autogen stays as it is', send: 'POST /write?db=$DB/autogen', body: LINE, status: 204, says: '', in: '$DB/autogen', rows: ROW },
  { rule: 'v1: /write/ is /write', send: 'POST /write/?db=$DB&rp=x', body: LINE, status: 204, says: '', in: '$DB/x', rows: ROW },
  { rule: 'v2: bucket X/autogen is X', send: 'POST /api/v2/write?bucket=$DB/autogen', body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v2: bucket X/default is X', send: 'POST /api/v2/write?bucket=$DB/default', body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v2: bucket X/rp is X/rp', send: 'POST /api/v2/write?bucket=$DB/rp', body: LINE, status: 204, says: '', in: '$DB/rp', rows: ROW },
  { rule: 'v2: rp is ignored', send: 'POST /api/v2/write?bucket=$DB&rp=x', body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v2: a bucket keeps the case of its policy', send: 'POST /api/v2/write?bucket=$DB/Rp', body: LINE, status: 204, says: '', in: '$DB/Rp', rows: ROW },
  { rule: 'v3: rp is ignored', send: 'POST /api/v3/write_lp?db=$DB&rp=x', body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v3: db may be db/rp', send: 'POST /api/v3/write_lp?db=$DB/a', body: LINE, status: 204, says: '', in: '$DB/a', rows: ROW },
  { rule: 'v3: db/autogen stays as it is', send: 'POST /api/v3/write_lp?db=$DB/autogen', body: LINE, status: 204, says: '', in: '$DB/autogen', rows: ROW },
];
