/** What a database can be told of itself: its schema rules, and how long it keeps its rows. */
import { PLAIN_RULES, saidRules, type SchemaRules } from './schema-rules.js';

export interface DatabaseSettings extends SchemaRules {
  /** Whole seconds; null: for ever. */
  readonly retentionS: number | null;
}

/** The settings where nothing is said. */
export const PLAIN_SETTINGS: DatabaseSettings = { ...PLAIN_RULES, retentionS: null };

/** What of the settings has to be said: all that is not plain. */
export function saidSettings({ retentionS, ...rules }: DatabaseSettings): Partial<DatabaseSettings> {
  return { ...saidRules(rules), ...(retentionS === null ? {} : { retentionS }) };
}

export function areSame(one: DatabaseSettings, other: DatabaseSettings): boolean {
  return one.tags === other.tags && one.types === other.types && one.retentionS === other.retentionS;
}
