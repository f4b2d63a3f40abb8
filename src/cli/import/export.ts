/**
 * The comments of `influx_inspect export`, which `influx -import` reads too: where the lines behind them belong. See
 * https://docs.influxdata.com/influxdb/v1/tools/influx-cli/use-influx-cli/ (import) for the format.
 */
import { joinPolicy } from '../../database-names.js';
import { SluiceError } from '../../errors.js';
import { parseStatements } from '../../influxql/parser.js';

/** Where the lines at some place of a text belong. */
export interface Context {
  /** As InfluxDB names it; '' when the text has not said. */
  readonly database: string;
  /** Retention policy; '' the default one. */
  readonly policy: string;
  /** The text is an export: its timestamps are nanoseconds. */
  readonly isExport: boolean;
  /** Statements stand here, no points. */
  readonly isDefinition: boolean;
}

export const NO_CONTEXT: Context = { database: '', policy: '', isExport: false, isDefinition: false };

/** InfluxDB's statistics of itself, which every export of all databases holds. */
export const OWN_DATABASE = '_internal';

const DATABASE = '# CONTEXT-DATABASE:';
const POLICY = '# CONTEXT-RETENTION-POLICY:';

/** Whether a comment says something about the lines behind it. @param text without spaces around it */
export function isMarker(text: string): boolean {
  return text === '# DDL' || text === '# DML' || ['# INFLUXDB EXPORT:', DATABASE, POLICY].some((start) => text.startsWith(start));
}

/** The context behind a marker. */
export function contextAfter(before: Context, marker: string): Context {
  const context = { ...before, isExport: true };
  if (marker === '# DDL') return { ...context, isDefinition: true };
  if (marker === '# DML') return { ...context, isDefinition: false };
  if (marker.startsWith(DATABASE)) return { ...context, database: marker.slice(DATABASE.length).trim() };
  if (marker.startsWith(POLICY)) return { ...context, policy: marker.slice(POLICY.length).trim() };
  return context;
}

/** The markers that lead from no context to this one. */
export function markersOf({ database, policy, isExport }: Context): string {
  return isExport ? `# DML\n${DATABASE}${database}\n${POLICY}${policy}\n` : '';
}

/** Database and policy that a statement makes, or null for any other statement. @param statement a line of the DDL */
export function madeBy(statement: string): { database: string; policy: string } | null {
  try {
    const made = parseStatements(statement).find(({ kind }) => kind === 'create database');
    return made?.kind === 'create database' ? made : null;
  } catch (error) {
    if (error instanceof SluiceError) return null; // a statement of another kind makes no database
    throw error;
  }
}

/** The database of sluice. @param instead stands in for InfluxDB's database, its policy stays */
export function targetOf({ database, policy }: { readonly database: string; readonly policy: string }, instead: string | null): string {
  return joinPolicy(instead ?? database, policy);
}
