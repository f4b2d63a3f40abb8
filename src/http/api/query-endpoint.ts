/** /query of InfluxDB v1: the statements that clients send around their writes. */
import { SluiceError } from '../../errors.js';
import { joinPolicy } from '../../database-names.js';
import type { Answer } from '../listener/listener.js';
import { jsonObject, textOf } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';
import { Execution } from './query-execution.js';
import type { ServerFacts } from './query-execution.js';
import { resultsAnswer } from './query-results.js';
import { QueryParameters } from '../front/query-string.js';
import type { SchemaAccess } from './schema-access.js';
import { parseStatements } from '../../influxql/parser.js';

/** The parts of a form as files are sent, by name. */
function partsOf(body: string, boundary: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const part of `\r\n${body}`.split(`\r\n--${boundary}`)) {
    const [, head = '', text] = /^\r\n(.*?)\r\n\r\n(.*)$/s.exec(part) ?? [];
    const name = /^content-disposition:.*;\s*name="?([^";\r\n]*)/im.exec(head)?.[1];
    if (name !== undefined && text !== undefined) parts.set(name, text);
  }
  return parts;
}

/** What is asked, wherever it stands: in the URL, in a form, in JSON or as the body itself. */
function parameterOf(request: EndpointRequest): (name: string) => string {
  const { body, query } = request;
  if (body === '') return (name) => query.get(name) ?? '';
  const [type = ''] = request.header('content-type').toLowerCase().split(';');
  if (query.get('q') === undefined && type.trim() === 'application/vnd.influxql') return (name) => (name === 'q' ? body : query.get(name) ?? '');
  if (query.get('q') === undefined && type.trim() === 'application/json') {
    const object = jsonObject(body);
    return (name) => (typeof object[name] === 'boolean' ? String(object[name]) : textOf(object, name) || (query.get(name) ?? ''));
  }
  const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)/i.exec(request.header('content-type'))?.[1];
  if (boundary !== undefined) {
    const parts = partsOf(body, boundary);
    return (name) => parts.get(name) ?? query.get(name) ?? '';
  }
  // Some clients name no type, or a wrong one.
  const form = new QueryParameters(body);
  return (name) => form.get(name) ?? query.get(name) ?? '';
}

/**
 * Answers /query.
 * @throws SluiceError bad-query when no statement of it can be read, forbidden, and where the server is at fault
 */
export async function queryEndpoint(schema: SchemaAccess, server: ServerFacts, request: EndpointRequest): Promise<Answer> {
  const parameter = parameterOf(request);
  const q = parameter('q');
  if (q.trim() === '') throw new SluiceError('bad-request', 'missing required parameter "q"');
  const statements = parseStatements(q);
  const [first] = statements;
  if (first?.kind === 'unread' && statements.every(({ kind }) => kind === 'unread')) throw new SluiceError('bad-query', first.detail);
  const database = joinPolicy(parameter('db'), parameter('rp'));
  const results = await new Execution({ schema, server, database, principal: request.principal }).run(statements);
  return resultsAnswer(results, { pretty: parameter('pretty') === 'true', chunked: parameter('chunked') === 'true', accept: request.header('accept') });
}
