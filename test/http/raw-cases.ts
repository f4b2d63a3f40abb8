/** Requests as bytes, as clients and enemies send them: what each listener answers stands in docs/proxies.md. */

export interface RawCase {
  readonly name: string;
  /** What is sent, part by part. */
  readonly parts: readonly string[];
  /** Answers that come, interim ones too, when all goes well. */
  readonly answers: number;
  /** Between the parts; without, the server has its turn between them. */
  readonly waitMs?: number;
  /** A write hides in it: never may two readers of the bytes differ on where it begins. */
  readonly smuggles?: boolean;
  /** Its answers have no body, whatever they say. */
  readonly head?: boolean;
}

const LINE = 'm a=1';
const EVIL = `POST /write?db=evil HTTP/1.1\r\nHost: a\r\nContent-Length: ${LINE.length}\r\n\r\n${LINE}`;
const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNKS = `5\r\n${LINE}\r\n0\r\n\r\n`;

function head(first: string, ...lines: readonly string[]): string {
  return [first, ...lines, '', ''].join('\r\n');
}

/** A write of one line with more headers. */
function write(...lines: readonly string[]): string {
  return head('POST /write?db=raw HTTP/1.1', 'Host: a', ...lines, `Content-Length: ${LINE.length}`) + LINE;
}

/** A write whose length is said by these headers. */
function framed(rest: string, ...lines: readonly string[]): string {
  return head('POST /write?db=raw HTTP/1.1', 'Host: a', ...lines) + rest;
}

const get = (target: string, ...lines: readonly string[]): string => head(`GET ${target} HTTP/1.1`, 'Host: a', ...lines);
const one = (name: string, text: string, more: Partial<RawCase> = {}): RawCase => ({ name, parts: [text], answers: 1, ...more });
const bytewise = (text: string): string[] => [...text];
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);

const FIRST_LINES: readonly RawCase[] = [
  one('a write', write()),
  one('a write as Icinga sends it, in HTTP/1.0', `POST /write?db=raw HTTP/1.0\r\nHost: a\r\nUser-Agent: Icinga/v2.14\r\nContent-Length: 5\r\n\r\n${LINE}`),
  one('HTTP/1.0 without Host', `POST /write?db=raw HTTP/1.0\r\nContent-Length: 5\r\n\r\n${LINE}`),
  one('HTTP/1.0 with Connection: keep-alive', `POST /write?db=raw HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n${LINE}`),
  one('a GET in HTTP/1.0', 'GET /ping HTTP/1.0\r\n\r\n'),
  one('a GET', get('/ping')),
  one('a GET of 2 KB', get(`/query?q=SHOW+DATABASES${'+'.repeat(2000)}`)),
  one('a GET of 20 KB', get(`/query?q=SHOW+DATABASES${'+'.repeat(20_000)}`)),
  one('an absolute URI', head('POST http://a/write?db=raw HTTP/1.1', 'Host: a', 'Content-Length: 5') + LINE),
  one('an absolute URI in a GET', head('GET http://a/ping HTTP/1.1', 'Host: a')),
  one('OPTIONS', head('OPTIONS /write HTTP/1.1', 'Host: a')),
  one('OPTIONS *', head('OPTIONS * HTTP/1.1', 'Host: a')),
  one('HEAD', head('HEAD /ping HTTP/1.1', 'Host: a'), { head: true }),
  one('HEAD of a page with a body', head('HEAD /health HTTP/1.1', 'Host: a'), { head: true }),
  one('PUT', head('PUT /write?db=raw HTTP/1.1', 'Host: a', 'Content-Length: 5') + LINE),
  one('DELETE of a path that takes none', head('DELETE /write HTTP/1.1', 'Host: a')),
  one('PATCH of a path that takes none', head('PATCH /write HTTP/1.1', 'Host: a', 'Content-Length: 0')),
  one('TRACE', head('TRACE /ping HTTP/1.1', 'Host: a')),
  one('CONNECT', head('CONNECT a:80 HTTP/1.1', 'Host: a')),
  one('an unknown method', head('BREW /ping HTTP/1.1', 'Host: a')),
  one('a method in lower case', head('get /ping HTTP/1.1', 'Host: a')),
  one('HTTP/2.0 in the first line', head('GET /ping HTTP/2.0', 'Host: a')),
  one('HTTP/1.2 in the first line', head('GET /ping HTTP/1.2', 'Host: a')),
  one('HTTP/0.9', 'GET /ping\r\n\r\n'),
  one('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  one('a TLS hello on a plain port', '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n'),
  one('an empty line first', `\r\n${write()}`),
  one('two empty lines first', `\r\n\r\n${write()}`),
  one('two spaces in the first line', head('GET  /ping HTTP/1.1', 'Host: a')),
  one('a tab in the first line', head('GET\t/ping HTTP/1.1', 'Host: a')),
  one('a space in the path', head('GET /pi ng HTTP/1.1', 'Host: a')),
  one('a space behind the version', head('GET /ping HTTP/1.1 ', 'Host: a')),
  one('no path', head('GET  HTTP/1.1', 'Host: a')),
  one('a path without a slash', head('GET ping HTTP/1.1', 'Host: a')),
  one('bytes over 127 in the path', get('/ping\xe9')),
  one('a fragment in the path', get('/ping#a')),
  one('an upgrade to WebSocket', get('/ping', 'Connection: Upgrade', 'Upgrade: websocket')),
  one('an upgrade to h2c', get('/ping', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__')),
];

const HEADERS: readonly RawCase[] = [
  one('a name with _', write('X_Under: a')),
  one('a name with .', write('X.Dot: a')),
  one("a name with !#$%&'*+^`|~", write("X!#$%&'*+^`|~9: a")),
  one('a name with a space', write('X Space: a')),
  one('a space before the colon', write('X-Space : a')),
  one('a name with a byte over 127', write('X-\xe9: a')),
  one('an empty name', write(': a')),
  one('a line without a colon', write('X-Nothing')),
  one('an empty value', write('X-Empty:')),
  one('no space before the value', write('X-Tight:a')),
  one('tabs around the value', write('X-Tab:\ta\t')),
  one('a value with bytes over 127', write('X-Latin: \xe9')),
  one('a value with a NUL', write('X-Nul: a\0b')),
  one('a value with a lone CR', write('X-Cr: a\rb')),
  one('a folded header', write('X-Fold: a\r\n b')),
  one('a folded header first', head('GET /ping HTTP/1.1', ' X: a', 'Host: a')),
  one('lines that end in LF alone', write().replaceAll('\r\n', '\n')),
  one('one line that ends in LF alone', write('X: a\nX-B: b')),
  one('40 headers', write(...many(40))),
  one('99 headers', write(...many(97))),
  one('150 headers', write(...many(150))),
  one('a header of 3 KB', write(`X-Long: ${'x'.repeat(3000)}`)),
  one('a header of 12 KB', write(`X-Long: ${'x'.repeat(12_000)}`)),
  one('a header of 40 KB', write(`X-Long: ${'x'.repeat(40_000)}`)),
  one('no Host', head('GET /ping HTTP/1.1')),
  one('an empty Host', head('GET /ping HTTP/1.1', 'Host:')),
  one('two Hosts', head('GET /ping HTTP/1.1', 'Host: a', 'Host: b')),
  one('names in upper case', head('POST /write?db=raw HTTP/1.1', 'HOST: a', 'CONTENT-LENGTH: 5') + LINE),
  one('Connection: close', write('Connection: close')),
  one('Connection: keep-alive', write('Connection: keep-alive')),
  one('Connection: close among others', write('Connection: TE, close')),
  one('Expect: 100-continue with the body at once', write('Expect: 100-continue'), { answers: 2 }),
  { name: 'Expect: 100-continue with the body behind the 100', parts: [head('POST /write?db=raw HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 5'), LINE], answers: 2 },
  one('another Expect', write('Expect: more')),
];

const BODIES: readonly RawCase[] = [
  one('chunks', framed(CHUNKS, CHUNKED)),
  one('chunks with an extension', framed(`5;a=b\r\n${LINE}\r\n0\r\n\r\n`, CHUNKED)),
  one('chunks with a quoted extension', framed(`5;a="b;c"\r\n${LINE}\r\n0\r\n\r\n`, CHUNKED)),
  one('chunks with a trailer', framed(`5\r\n${LINE}\r\n0\r\nX-Sum: 1\r\n\r\n`, CHUNKED, 'Trailer: X-Sum')),
  one('chunk lengths in upper case with zeros before', framed(`00005\r\n${LINE}\r\nB\r\n,t=1 b=2\nm \r\n4\r\nc=2i\r\n000\r\n\r\n`, CHUNKED)),
  one('one chunk a byte', framed(`${bytewise(LINE).map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`, CHUNKED)),
  one('chunks of nothing', framed('0\r\n\r\n', CHUNKED)),
  one('chunked in upper case', framed(CHUNKS, 'Transfer-Encoding: CHUNKED')),
  one('a body of length 0', framed('', 'Content-Length: 0')),
  one('a POST without a length', framed('')),
  one('a GET with a body', get('/ping', 'Content-Length: 5') + LINE),
  one('a length with zeros before', framed(LINE, 'Content-Length: 0005')),
  one('a gzip that is none', framed(LINE, 'Content-Length: 5', 'Content-Encoding: gzip')),
  one('a coding that nobody has', framed(LINE, 'Content-Length: 5', 'Content-Encoding: lzma')),
  { name: 'head and body apart', parts: [framed('', 'Content-Length: 5'), LINE], answers: 1 },
  { name: 'the first line cut', parts: [write().slice(0, 9), write().slice(9)], answers: 1 },
  { name: 'a name of a header cut', parts: [write().slice(0, 31), write().slice(31)], answers: 1 },
  { name: 'CR and LF of the first line apart', parts: [write().slice(0, 28), write().slice(28)], answers: 1 },
  { name: 'every byte in a segment of its own', parts: bytewise(write()), answers: 1 },
  { name: 'chunks, every byte in a segment of its own', parts: bytewise(framed(CHUNKS, CHUNKED)), answers: 1 },
  { name: 'a GET of 2 KB in two segments', parts: [get(`/query?q=SHOW+DATABASES${'+'.repeat(2000)}`).slice(0, 1448), get(`/query?q=SHOW+DATABASES${'+'.repeat(2000)}`).slice(1448)], answers: 1 },
  { name: 'a body of 12 bytes in 12 s', parts: [framed('', 'Content-Length: 12'), ...bytewise('m a=1,b=2,c=').slice(0, 11), '3'], answers: 1, waitMs: 1000 },
  { name: 'a body of 30 KB in 3 s', parts: [framed('', `Content-Length: ${LINE.length + 29_999}`), ...Array.from({ length: 3 }, () => '#'.repeat(9999) + '\n').map((part, i) => (i === 2 ? part.slice(1) : part)), LINE], answers: 1, waitMs: 1000 },
];

const PIPELINES: readonly RawCase[] = [
  one('two writes in one segment', write() + write(), { answers: 2 }),
  one('four requests in one segment', write() + get('/ping') + write() + get('/ping'), { answers: 4 }),
  one('two GETs in one segment', get('/ping') + get('/ping'), { answers: 2 }),
  one('a hundred GETs in one segment', get('/ping').repeat(100), { answers: 100 }),
  one('two writes in chunks in one segment', framed(CHUNKS, CHUNKED) + framed(CHUNKS, CHUNKED), { answers: 2 }),
  one('an empty line between two writes', `${write()}\r\n${write()}`, { answers: 2 }),
  { name: 'a write and half of the next in a segment', parts: [write() + write().slice(0, 20), write().slice(20)], answers: 2 },
  one('a write behind one that closes', write('Connection: close') + write(), { answers: 2 }),
];

const smuggle = (name: string, text: string, more: Partial<RawCase> = {}): RawCase => one(name, text, { smuggles: true, ...more });
const SMUGGLING: readonly RawCase[] = [
  smuggle('Content-Length and Transfer-Encoding', framed(`0\r\n\r\n${EVIL}`, `Content-Length: ${EVIL.length + 5}`, CHUNKED)),
  smuggle('Transfer-Encoding and Content-Length', framed(`0\r\n\r\n${EVIL}`, CHUNKED, `Content-Length: ${EVIL.length + 5}`)),
  smuggle('two lengths that differ', framed(LINE + EVIL, 'Content-Length: 5', `Content-Length: ${EVIL.length + 5}`)),
  smuggle('two lengths that differ, the longer first', framed(LINE + EVIL, `Content-Length: ${EVIL.length + 5}`, 'Content-Length: 5')),
  smuggle('two equal lengths', framed(LINE, 'Content-Length: 5', 'Content-Length: 5')),
  smuggle('a list of lengths', framed(LINE + EVIL, `Content-Length: 5, ${EVIL.length + 5}`)),
  smuggle('a length with a sign', framed(LINE, 'Content-Length: +5')),
  smuggle('a negative length', framed(LINE + EVIL, 'Content-Length: -5')),
  smuggle('a length in hexadecimal', framed(LINE + EVIL, 'Content-Length: 0x5')),
  smuggle('a length with a letter behind', framed(LINE + EVIL, 'Content-Length: 5a')),
  smuggle('a length over 64 bits', framed(LINE + EVIL, 'Content-Length: 18446744073709551621')),
  smuggle('an empty length', framed(LINE + EVIL, 'Content-Length:')),
  smuggle('a space before the colon of the length', framed(LINE + EVIL, 'Content-Length : 5')),
  smuggle('a folded length', framed(LINE + EVIL, 'Content-Length:\r\n 5')),
  smuggle('a space before the colon of Transfer-Encoding', framed(`0\r\n\r\n${EVIL}`, 'Transfer-Encoding : chunked')),
  smuggle('Transfer-Encoding: identity', framed(`0\r\n\r\n${EVIL}`, 'Transfer-Encoding: identity')),
  smuggle('Transfer-Encoding: xchunked', framed(`0\r\n\r\n${EVIL}`, 'Transfer-Encoding: xchunked')),
  smuggle('Transfer-Encoding: chunked, identity', framed(`0\r\n\r\n${EVIL}`, 'Transfer-Encoding: chunked, identity')),
  smuggle('Transfer-Encoding: gzip, chunked', framed(`0\r\n\r\n`, 'Transfer-Encoding: gzip, chunked')),
  smuggle('two Transfer-Encodings', framed(`0\r\n\r\n${EVIL}`, CHUNKED, 'Transfer-Encoding: identity')),
  smuggle('Transfer-Encoding in HTTP/1.0', head('POST /write?db=raw HTTP/1.0', CHUNKED, 'Content-Length: 5') + LINE + EVIL),
  smuggle('a chunk length with 0x', framed(`0x5\r\n${LINE}\r\n0\r\n\r\n`, CHUNKED)),
  smuggle('a chunk length with a sign', framed(`+5\r\n${LINE}\r\n0\r\n\r\n`, CHUNKED)),
  smuggle('a chunk length over 64 bits', framed(`10000000000000005\r\n${LINE}\r\n0\r\n\r\n${EVIL}`, CHUNKED)),
  smuggle('a chunk longer than it says', framed(`3\r\n${LINE}\r\n0\r\n\r\n${EVIL}`, CHUNKED)),
  smuggle('a chunk line that ends in LF alone', framed(`5\n${LINE}\r\n0\r\n\r\n`, CHUNKED)),
  smuggle('an extension with LF in it', framed(`5;a\nb\r\n${LINE}\r\n0\r\n\r\n`, CHUNKED)),
];

/** All, by group. */
export const RAW_CASES: Readonly<Record<string, readonly RawCase[]>> = {
  'First lines': FIRST_LINES, 'Headers': HEADERS, 'Bodies': BODIES, 'Pipelining': PIPELINES, 'Smuggling': SMUGGLING,
};
