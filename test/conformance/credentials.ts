/** Who may write and ask: on the server that asks for tokens. */
import { each, refusal, type Case } from './run.js';

const LINE = 'm v=1 1';
const ROW = ['m {"v":1.0} @1s'];
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

const writes = each((d) => {
  const to = `POST ${d.path}?${d.key}=$DB&precision=s`;
  const good = (rule: string, ...sent: string[]): Case[] => sent.map((Authorization) => ({ rule: `${d.name}: ${rule}`, send: to, headers: { Authorization }, body: LINE, status: 204, says: '', rows: ROW }));
  const unknown = (rule: string, headers: Record<string, string>, send = to): Case => ({ rule: `${d.name}: ${rule}`, send, headers, body: LINE, status: 401, says: [refusal(d, 'unauthorized', 'unauthorized'), /authorization failed/], has: { 'www-authenticate': /^Basic realm="sluice"$/ }, rows: [] });
  const malformed = (rule: string, Authorization: string): Case => ({ rule: `${d.name}: ${rule}`, send: to, headers: { Authorization }, body: LINE, status: 400, says: [refusal(d, 'bad-authorization'), /Bearer TOKEN, Token TOKEN, or Basic/], rows: [] });
  return [
    ...good('Bearer', 'Bearer $TOKEN', 'bearer $TOKEN', 'BEARER $TOKEN'),
    ...good('Token', 'Token $TOKEN', 'token $TOKEN'),
    ...good('Token user:token', 'Token any:$TOKEN'),
    ...good('Basic', 'Basic $BASIC', 'basic $BASIC'),
    ...good('spaces around', 'Bearer   $TOKEN'),
    unknown('no credentials', {}),
    unknown('an unknown Bearer', { Authorization: 'Bearer apiv3_x' }),
    unknown('an unknown Token', { Authorization: 'Token apiv3_x' }),
    unknown('an unknown password', { Authorization: basic('any:apiv3_x') }),
    unknown('an empty password', { Authorization: basic('any:') }),
    unknown('the token as the user', { Authorization: 'Basic $REVERSED' }),
    unknown('a scheme alone', { Authorization: 'Bearer' }),
    unknown('the token with a letter more', { Authorization: 'Bearer $TOKENx' }),
    unknown('an unknown token comes before a bad parameter', { Authorization: 'Bearer apiv3_y' }, `${to}&accept_partial=x`),
    malformed('an unknown scheme', 'Digest x'),
    malformed('a token without a scheme', '$TOKEN'),
    malformed('three words', 'Bearer a b'),
    malformed('Basic that is not base64', 'Basic !!!'),
    malformed('Basic without a colon', basic('token')),
    d.name === 'v1'
      ? { rule: 'v1: p is the token', send: `${to}&u=any&p=$TOKEN`, body: LINE, status: 204, says: '', rows: ROW }
      : unknown('p is no token', {}, `${to}&p=$TOKEN`),
  ];
});

/** Endpoints, and what they say to someone without a token. */
const OPEN = ['/ping', '/health', '/api/v1/health', '/ready', '/metrics'];
const CLOSED = ['/query?q=SHOW+DATABASES', '/api/v2/buckets', '/api/v2/orgs', '/api/v3/configure/database', '/api/v3/configure/token', '/debug/conflicts'];

export const credentials: readonly Case[] = [
  ...writes,
  { rule: 'v1: p alone, without u', send: 'POST /write?db=$DB&precision=s&p=$TOKEN', body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v1: p wins over a wrong header', send: 'POST /write?db=$DB&precision=s&p=$TOKEN', headers: { Authorization: 'Bearer apiv3_z' }, body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v1: p wins over a malformed header', send: 'POST /write?db=$DB&precision=s&p=$TOKEN', headers: { Authorization: 'x' }, body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v1: a wrong p wins over a good header', send: 'POST /write?db=$DB&p=wrong', headers: { Authorization: 'Bearer $TOKEN' }, body: LINE, status: 401, says: /authorization failed/ },
  { rule: 'v1: an empty p is none', send: 'POST /write?db=$DB&precision=s&p=', headers: { Authorization: 'Bearer $TOKEN' }, body: LINE, status: 204, says: '', rows: ROW },
  { rule: 'v1: p on /write/', send: 'POST /write/?db=$DB&precision=s&p=$TOKEN', body: LINE, status: 204, says: '', rows: ROW },
  { rule: '/query: p is the token', send: 'GET /query?q=SHOW+DATABASES&p=$TOKEN', status: 200, says: /"databases"/ },
  ...OPEN.map((path): Case => ({ rule: `${path} needs no token`, send: `GET ${path}`, status: path === '/ping' ? 204 : 200, says: path === '/ping' ? '' : /./ })),
  ...CLOSED.map((path): Case => ({ rule: `${path} needs a token`, send: `GET ${path}`, status: 401, says: /authorization failed/, has: { 'www-authenticate': /Basic/ } })),
  ...CLOSED.map((path): Case => ({ rule: `${path} takes the admin's`, send: `GET ${path}`, headers: { Authorization: 'Bearer $TOKEN' }, status: 200, says: /^[[{]/ })),
  { rule: 'the first token can be made once', send: 'POST /api/v3/configure/token/admin', headers: { Authorization: 'Bearer $TOKEN' }, status: 409, says: /"token-exists"/ },
  { rule: 'the first token is made by no one while there are tokens', send: 'POST /api/v3/configure/token/admin', status: 401, says: /authorization failed/ },
  { rule: 'a named admin is shown once', send: 'POST /api/v3/configure/token/named_admin', headers: { Authorization: 'Bearer $TOKEN' }, body: '{"token_name":"$DB"}', status: 201, says: /"name":"\w+","hash":"[0-9a-f]{128}".*"expiry":null,"token":"apiv3_[\w-]{86}"/ },
  { rule: 'a named admin needs a name', send: 'POST /api/v3/configure/token/named_admin', headers: { Authorization: 'Bearer $TOKEN' }, body: '{}', status: 400, says: /add \\"token_name\\"/ },
  { rule: 'a token of databases', send: 'POST /api/v3/configure/token', headers: { Authorization: 'Bearer $TOKEN' }, body: '{"token_name":"$DB","expiry_secs":3600,"permissions":[{"resource_type":"db","resource_identifier":["$DB"],"actions":["write"]}]}', status: 201, says: /"expiry":"20\d\d-.*"token":"apiv3_/ },
  { rule: 'a token without permissions', send: 'POST /api/v3/configure/token', headers: { Authorization: 'Bearer $TOKEN' }, body: '{"token_name":"$DB"}', status: 400, says: /\\"permissions\\" is missing/ },
  { rule: 'a token of another kind', send: 'POST /api/v3/configure/token', headers: { Authorization: 'Bearer $TOKEN' }, body: '{"token_name":"$DB","permissions":[{"resource_type":"x"}]}', status: 400, says: /resource_type/ },
  { rule: 'expiry_secs is a number', send: 'POST /api/v3/configure/token/named_admin', headers: { Authorization: 'Bearer $TOKEN' }, body: '{"token_name":"$DB","expiry_secs":"1"}', status: 400, says: /expiry_secs/ },
  { rule: 'a token that is not there cannot be deleted', send: 'DELETE /api/v3/configure/token?token_name=$DB', headers: { Authorization: 'Bearer $TOKEN' }, status: 404, says: /"token-not-found"/ },
  { rule: 'the operator cannot be deleted', send: 'DELETE /api/v3/configure/token?token_name=_admin', headers: { Authorization: 'Bearer $TOKEN' }, status: 405, says: /"token-protected"/ },
  { rule: 'a deletion names its token', send: 'DELETE /api/v3/configure/token', headers: { Authorization: 'Bearer $TOKEN' }, status: 400, says: /add token_name=NAME/ },
];
