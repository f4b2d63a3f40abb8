/** Bad bodies of every kind: a clear error, exactly the good stored, never a 5xx. */
import { gzipSync } from 'node:zlib';
import { each, refusal, type Case } from './run.js';

const LINE = 'm v=1 1';
const ROW = ['m {"v":1.0} @1s'];
const packed = gzipSync(LINE);
const GZIP = { 'Content-Encoding': 'gzip' };

/** 10,000 bad lines of several kinds, and a good one at each end. */
const tenThousand = [LINE, ...Array.from({ length: 10_000 }, (_, i) => ['m v=', 'm', ',x v=1', 'm,t= v=1', 'm v=1 x'][i % 5]!), 'm v=2 2'].join('\n');

export const badInput: readonly Case[] = each((d) => {
  const send = `POST ${d.path}?${d.key}=$DB&precision=s`;
  const taken = (rule: string, body: string | Buffer, encoding?: string): Case => ({ rule: `${d.name}: ${rule}`, send, body, ...(encoding === undefined ? {} : { headers: { 'Content-Encoding': encoding } }), status: 204, says: '', rows: ROW });
  const badGzip = (rule: string, body: string | Buffer): Case => ({ rule: `${d.name}: ${rule}`, send, headers: GZIP, body, status: 400, says: [refusal(d, 'bad-gzip'), /the body is not valid gzip/], rows: [] });
  const partly = (rule: string, code: string, line: string | Buffer): Case => ({ rule: `${d.name}: ${rule}`, send, body: Buffer.concat([Buffer.from(`${LINE}\n`), Buffer.from(line), Buffer.from('\nm v=2 2')]), status: 400, says: new RegExp(`"line":2,"column":\\d+,"code":"${code}"`), rows: [...ROW, 'm {"v":2.0} @2s'] });
  return [
    taken('identity', LINE, 'identity'),
    ...['gzip', 'GZIP', 'x-gzip', ' gzip '].map((word) => taken('gzip in any spelling', packed, word)),
    taken('gzip of two members', Buffer.concat([gzipSync('m v='), gzipSync('1 1')]), 'gzip'),
    { rule: `${d.name}: gzip of nothing is 204`, send, headers: GZIP, body: gzipSync(''), status: 204, says: '', rows: [] },
    { rule: `${d.name}: an unpacked body that is empty, packed or not, is 204`, send, headers: GZIP, body: '', status: 204, says: '', rows: [] },
    ...['deflate', 'br', 'zstd', 'gzip, gzip'].map((word): Case => ({ rule: `${d.name}: an encoding we do not know`, send, headers: { 'Content-Encoding': word }, body: LINE, status: 400, says: [refusal(d, 'bad-encoding'), /use gzip or identity/], rows: [] })),
    badGzip('gzip that is cut', packed.subarray(0, -5)),
    badGzip('gzip that is cut in its header', packed.subarray(0, 6)),
    badGzip('gzip that is not packed', LINE),
    badGzip('gzip with a wrong checksum', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)])),
    badGzip('gzip with more behind it', Buffer.concat([packed, Buffer.from('more')])),
    { rule: `${d.name}: packed bytes that are not said to be`, send, body: packed, status: 400, says: /"total":\d/, rows: [] },
    { rule: `${d.name}: more unpacked than the limit`, send, headers: GZIP, body: gzipSync(Buffer.alloc(2_000_000, 'm v=1 1\n')), status: 413, says: refusal(d, 'body-too-large', 'request too large'), rows: [] },
    { rule: `${d.name}: more bytes than the limit`, send, body: Buffer.alloc(1_200_000, 'm v=1 1\n'), status: 413, says: refusal(d, 'body-too-large', 'request too large'), rows: [] },
    { rule: `${d.name}: more lines than the limit`, send, body: 'm v=1\n'.repeat(30_001), status: 413, says: refusal(d, 'too-many-lines', 'request too large'), rows: [] },
    { rule: `${d.name}: 10,000 bad lines between two good ones`, send, body: tenThousand, status: 400, says: [/"total":10000,"data":\[/, /"line":2,/], rows: [...ROW, 'm {"v":2.0} @2s'] },
    partly('a byte that is not UTF-8', 'not-utf8', Buffer.from([0x6d, 0x2c, 0x74, 0x3d, 0xff, 0x20, 0x76, 0x3d, 0x31])),
    partly('half a character', 'not-utf8', Buffer.from([0x6d, 0x20, 0x76, 0x3d, 0x22, 0xc3, 0x22])),
    partly('a NUL in a number', 'trailing-content', 'm v=1\0 1'),
    partly('a line of random words', 'fields-missing', 'Lorem ipsum dolor'),
    partly('JSON', 'tag-without-equals', '{"measurement":"m","v":1}'),
    partly('a type that conflicts', 'type-conflict', 'm v="x" 1'),
    d.name === 'v1' ? { rule: 'v1: the words of a partial write', send, body: `${LINE}\nm v=`, status: 400, says: /^\{"error":"partial write: unable to parse 'm v=': .+ \(line 2, column \d+\) dropped=1","total":1,/, rows: ROW }
      : d.name === 'v2' ? { rule: 'v2: the words of a partial write', send, body: `${LINE}\nm v=`, status: 400, says: /^\{"code":"invalid","message":"1 line was rejected, 1 was stored; line 2, column \d+: fields-missing: .+","line":2,"error":"partial write of line protocol occurred","total":1,/, rows: ROW }
        : { rule: 'v3: the words of a partial write', send, body: `${LINE}\nm v=`, status: 400, says: /^\{"error":"partial write of line protocol occurred","total":1,"data":\[\{"error_message":".+","line_number":2,"original_line":"m v="/, rows: ROW },
    { rule: `${d.name}: the words of a type conflict`, send, body: `${LINE}\nm v=2i 2`, status: 400, says: /field type conflict: column \\"v\\" of table \\"m\\" has type float, integer came/, rows: ROW },
    { rule: `${d.name}: a tag that is a field already`, send, body: `${LINE}\nm,v=a w=1 2`, status: 400, says: /"line":2,"column":\d+,"code":"tag-and-field"/, rows: ROW },
    { rule: `${d.name}: comments and blank lines count as lines`, send, body: `# c\n\n${LINE}\nm v=`, status: 400, says: /"line":4/, rows: ROW },
    { rule: `${d.name}: a long bad line is cut at 256 bytes`, send, body: `${LINE}\n${'x'.repeat(1000)}`, status: 400, says: /"original_line":"x{256}"/, rows: ROW },
  ];
});
