/** What a statement of InfluxQL asks. Types only. */
import type { NamePattern } from './pattern.js';
import type { Token } from './tokens.js';

/** Measurements by name, or by pattern. `db.rp.m`, `rp.m` or `m`; '' for a part that is not there. */
export interface Source {
  readonly database: string;
  readonly policy: string;
  readonly measurement: string | NamePattern;
}

/** LIMIT and OFFSET; a limit of 0 is none. */
export interface Slice {
  readonly limit: number;
  readonly offset: number;
}

/** Series of which there are never any values here; `perDatabase`: one for each database, of its name. */
export interface NoValues {
  readonly name?: string;
  readonly columns: readonly string[];
  readonly perDatabase?: boolean;
}

/** `database` is '' where the statement names none: the request does. */
export type Statement =
  /** The retention policy that it names, or ''; and its period, null for ever, absent where nothing is said. */
  | { readonly kind: 'create database'; readonly database: string; readonly policy: string; readonly retentionS?: number | null }
  | { readonly kind: 'drop database'; readonly database: string }
  | { readonly kind: 'drop measurement'; readonly measurement: string }
  /** The period as above. `isDefault`: it is for writes that name no policy. */
  | { readonly kind: 'create policy' | 'alter policy'; readonly database: string; readonly policy: string; readonly retentionS?: number | null; readonly isDefault: boolean }
  /** Of every measurement where none is named. The conditions are read when it is done, for they may say now(). */
  | { readonly kind: 'delete'; readonly sources: readonly Source[]; readonly conditions: readonly Token[]; readonly mayHaveTimes: boolean }
  | { readonly kind: 'drop policy'; readonly database: string; readonly policy: string }
  /** It drops something of which there is none here, which is no error in InfluxDB. */
  | { readonly kind: 'drop nothing' }
  | { readonly kind: 'show databases' }
  | { readonly kind: 'show retention policies'; readonly database: string }
  /** No `wanted` stands for every measurement; those of a retention policy are of another database. */
  | { readonly kind: 'show measurements'; readonly database: string; readonly wanted: Source | null; readonly slice: Slice }
  /** No source stands for every measurement. */
  | { readonly kind: 'show tag keys' | 'show field keys'; readonly database: string; readonly sources: readonly Source[]; readonly slice: Slice }
  | { readonly kind: 'count measurements'; readonly database: string; readonly isExact: boolean }
  | { readonly kind: 'show stats' | 'show diagnostics'; readonly module: string }
  | { readonly kind: 'show nothing'; readonly series: NoValues | null }
  /** InfluxQL that sluice does not answer. */
  | { readonly kind: 'elsewhere'; readonly detail: string }
  /** No InfluxQL, or not well-formed. */
  | { readonly kind: 'unread'; readonly detail: string };
