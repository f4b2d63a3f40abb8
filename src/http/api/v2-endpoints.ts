/** Endpoints of InfluxDB 2 that clients look at before they write: organizations, who asks, the setup, the databases of v1. */
import type { Answer } from '../listener/listener.js';
import { jsonAnswer, maySee } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';
import type { SchemaAccess } from './schema-access.js';

/** The one organization; it goes by every name and every id. */
export const ORG_ID = '0000000000000001';
const ORG_NAME = 'sluice';
/** Whoever asks: tokens belong to no one. */
const USER_ID = '0000000000000001';

/** A database's id as a bucket: 16 hex digits, as InfluxDB 2 has them. */
export function idOf({ id }: { readonly id: number }): string {
  return id.toString(16).padStart(16, '0');
}

function orgOf(id: string, name: string): Readonly<Record<string, unknown>> {
  return { id, name, description: 'sluice knows no organizations', links: { self: `/api/v2/orgs/${id}`, buckets: '/api/v2/buckets' } };
}

/** GET /api/v2/orgs: one organization, of the name that is asked for. */
export function listOrgs({ query }: EndpointRequest): Answer {
  return jsonAnswer(200, { links: { self: '/api/v2/orgs' }, orgs: [orgOf(query.get('orgID') ?? ORG_ID, query.get('org') ?? ORG_NAME)] });
}

/** GET /api/v2/orgs/ID. */
export function showOrg({ part }: EndpointRequest): Answer {
  return jsonAnswer(200, orgOf(part || ORG_ID, ORG_NAME));
}

/** GET /api/v2/setup: there is nothing to set up over HTTP. */
export function showSetup(): Answer {
  return jsonAnswer(200, { allowed: false });
}

/** GET /api/v2/me: the token's name. */
export function showMe({ principal }: EndpointRequest): Answer {
  return jsonAnswer(200, { id: USER_ID, name: principal.name, status: 'active', links: { self: '/api/v2/me' } });
}

/** GET /api/v2/dbrps: which bucket v1's database and retention policy are. */
export function listDbrps(schema: SchemaAccess, { query, principal }: EndpointRequest): Answer {
  const all = schema.databases().filter(({ name }) => maySee(principal, name)).map((found) => {
    const [database = '', policy = 'autogen'] = found.name.split('/');
    const id = idOf(found);
    return { id, orgID: ORG_ID, bucketID: id, database, retention_policy: policy, default: policy === 'autogen', virtual: true };
  });
  const asks = [['db', 'database'], ['rp', 'retention_policy'], ['id', 'id'], ['bucketID', 'bucketID'], ['default', 'default']] as const;
  const content = all.filter((mapping) => asks.every(([parameter, key]) => (query.get(parameter) ?? String(mapping[key])) === String(mapping[key])));
  return jsonAnswer(200, { content });
}
