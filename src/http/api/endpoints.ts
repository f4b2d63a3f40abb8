/** The endpoints that ask for credentials: path → method → endpoint. */
import type { TokenStore } from '../../auth/token-store.js';
import type { Dialect } from '../../ingest/request.js';
import { createBucket, deleteBucket, listBuckets, showBucket, updateBucket } from './buckets-endpoint.js';
import { clearRetention, createDatabase, deleteDatabase, listDatabases, setRetention, updateDatabase } from './databases-endpoint.js';
import { deletePoints } from './delete-endpoint.js';
import type { Endpoint } from './endpoint.js';
import { missingQuery } from './missing.js';
import { querySqlEndpoint } from './query-sql-endpoint.js';
import type { ServerFacts } from './query-execution.js';
import { queryEndpoint } from './query-endpoint.js';
import type { SchemaAccess } from './schema-access.js';
import type { SqlAccess } from './sql-access.js';
import * as token from './tokens-endpoint.js';
import { listDbrps, listOrgs, showMe, showOrg, showSetup } from './v2-endpoints.js';
import type { Observability } from '../observe/observability.js';

interface EndpointRoute {
  /** Shape of its errors. */
  readonly dialect: Dialect;
  readonly methods: Readonly<Record<string, Endpoint>>;
  /** Whether it asks for no credentials, as to an admin. */
  readonly isOpen?: () => boolean;
}

/** Every endpoint by its path; a `*` at its end stands for one part of a path. */
export function endpointRoutes(
  schema: SchemaAccess, queries: SqlAccess, tokens: TokenStore, observability: Observability, server: ServerFacts,
): Readonly<Record<string, EndpointRoute>> {
  const query: Endpoint = (request) => queryEndpoint(schema, server, request);
  const querySql: Endpoint = (request) => querySqlEndpoint(schema, queries, request);
  return {
    '/query': { dialect: 'v1', methods: { GET: query, POST: query } },
    ...bucketRoutes(schema),
    '/api/v2/delete': { dialect: 'v2', methods: { POST: (request) => deletePoints(schema, request) } },
    '/api/v2/orgs': { dialect: 'v2', methods: { GET: listOrgs } },
    '/api/v2/orgs/*': { dialect: 'v2', methods: { GET: showOrg } },
    '/api/v2/me': { dialect: 'v2', methods: { GET: showMe } },
    // Asked before there is a token.
    '/api/v2/setup': { dialect: 'v2', methods: { GET: showSetup }, isOpen: () => true },
    '/api/v2/dbrps': { dialect: 'v2', methods: { GET: (request) => listDbrps(schema, request) } },
    '/api/v3/query_sql': { dialect: 'v3', methods: { GET: querySql, POST: querySql } },
    '/api/v3/query_influxql': { dialect: 'v3', methods: { GET: missingQuery, POST: missingQuery } },
    '/api/v3/configure/database': {
      dialect: 'v3',
      methods: {
        GET: (request) => listDatabases(schema, request),
        POST: (request) => createDatabase(schema, request),
        PUT: (request) => updateDatabase(schema, request),
        DELETE: (request) => deleteDatabase(schema, request),
      },
    },
    '/api/v3/configure/database/retention_period': {
      dialect: 'v3',
      methods: { POST: (request) => setRetention(schema, request), DELETE: (request) => clearRetention(schema, request) },
    },
    '/debug/conflicts': { dialect: 'v3', methods: { GET: observability.conflictsEndpoint } },
    ...tokenRoutes(tokens),
  };
}

function bucketRoutes(schema: SchemaAccess): Readonly<Record<string, EndpointRoute>> {
  return {
    '/api/v2/buckets': {
      dialect: 'v2',
      methods: { GET: (request) => listBuckets(schema, request), POST: (request) => createBucket(schema, request) },
    },
    '/api/v2/buckets/*': {
      dialect: 'v2',
      methods: {
        GET: (request) => showBucket(schema, request),
        PATCH: (request) => updateBucket(schema, request),
        DELETE: (request) => deleteBucket(schema, request),
      },
    },
  };
}

function tokenRoutes(tokens: TokenStore): Readonly<Record<string, EndpointRoute>> {
  const forDatabases: Endpoint = (request) => token.createForDatabases(tokens, request);
  return {
    '/api/v3/configure/token': {
      dialect: 'v3',
      methods: {
        GET: (request) => token.listTokens(tokens, request),
        POST: forDatabases,
        DELETE: (request) => token.deleteToken(tokens, request),
      },
    },
    '/api/v3/enterprise/configure/token': { dialect: 'v3', methods: { POST: forDatabases } },
    '/api/v3/configure/token/regenerate': { dialect: 'v3', methods: { POST: (request) => token.rotateToken(tokens, request) } },
    // The first token can only be made by someone without.
    '/api/v3/configure/token/admin': { dialect: 'v3', methods: { POST: (request) => token.createOperator(tokens, request) }, isOpen: () => tokens.isOpen },
    '/api/v3/configure/token/admin/regenerate': { dialect: 'v3', methods: { POST: (request) => token.rotateOperator(tokens, request) } },
    '/api/v3/configure/token/named_admin': { dialect: 'v3', methods: { POST: (request) => token.createNamedAdmin(tokens, request) } },
  };
}
