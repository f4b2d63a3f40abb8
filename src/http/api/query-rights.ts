/** What a token needs for a statement of /query. */
import type { Principal } from '../../auth/principal.js';
import { demand, demandAdmin } from '../auth/auth.js';
import { joinPolicy } from '../../database-names.js';
import type { Source, Statement } from '../../influxql/statement.js';
import { maySee } from './endpoint.js';

/** Measurements of one database, as it is called here; all of them for ''. */
export interface Target {
  readonly database: string;
  readonly measurement: Source['measurement'];
}

/** What a statement names, with what the request names where it says nothing. */
export function targetOf(source: Source, database: string): Target {
  return { database: joinPolicy(source.database || database, source.policy), measurement: source.measurement };
}

/** What SHOW … is about. @param sources none for every measurement */
export function targetsOf(sources: readonly Source[], database: string): Target[] {
  return sources.length === 0 ? [{ database, measurement: '' }] : sources.map((source) => targetOf(source, database));
}

/** @param database '' for none: then there is nothing to see. @throws SluiceError forbidden */
function demandSight(principal: Principal, database: string): void {
  if (database !== '' && !maySee(principal, database)) demand(principal, 'read', database);
}

/**
 * @param database of the statement, '' for none
 * @param exists whether there is a database
 * @throws SluiceError forbidden
 */
export function checkRights(statement: Statement, database: string, principal: Principal, exists: (database: string) => boolean): void {
  switch (statement.kind) {
    case 'create database':
      return demand(principal, 'write', database);
    case 'delete':
      return demand(principal, 'write', database);
    case 'create policy':
      return demand(principal, 'write', joinPolicy(database, statement.policy));
    case 'drop database':
    case 'drop measurement':
    case 'alter policy': // a shorter period deletes
      return demandAdmin(principal);
    case 'drop policy':
      // Clients drop policies before they were ever made.
      return exists(joinPolicy(database, statement.policy)) ? demandAdmin(principal) : demand(principal, 'write', database);
    case 'show retention policies':
    case 'count measurements':
      return demandSight(principal, database);
    case 'show measurements':
      return demandSight(principal, statement.wanted === null ? database : targetOf(statement.wanted, database).database);
    case 'show tag keys':
    case 'show field keys':
      for (const target of targetsOf(statement.sources, database)) demandSight(principal, target.database);
      return;
    // These show nothing but what the token may see.
    case 'show databases':
    case 'show stats':
    case 'show diagnostics':
    case 'show nothing':
    case 'drop nothing':
    case 'elsewhere':
    case 'unread':
  }
}
