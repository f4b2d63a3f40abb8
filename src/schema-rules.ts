/** The schema rules that a database has of its own: what they may be, and as the flags that workers and frames know. */
import { RULE_SPLIT, RULE_TAGS_FIXED, RULE_WIDEN } from '../assembly/layout/codes.js';

export const TAG_RULES = ['grow', 'fixed'] as const;
export const TYPE_RULES = ['strict', 'widen', 'split'] as const;

export interface SchemaRules {
  /** `grow`: new tags at any time; `fixed`: none after a table's first write. */
  readonly tags: (typeof TAG_RULES)[number];
  /**
   * What becomes of a value of another type than its column. `strict`: its line is rejected; `widen`: an integer goes
   * into a float column if a float can be exactly that; `split`: it goes into the column `<key>__<type>`, and tags and
   * fields of one key, and a key `time`, into `<key>__tag` and `<key>__field`.
   */
  readonly types: (typeof TYPE_RULES)[number];
}

/** The rules where nothing is said. */
export const PLAIN_RULES: SchemaRules = { tags: 'grow', types: 'strict' };

/** What of the rules has to be said: all that is not plain. */
export function saidRules({ tags, types }: SchemaRules): Partial<SchemaRules> {
  return { ...(tags === PLAIN_RULES.tags ? {} : { tags }), ...(types === PLAIN_RULES.types ? {} : { types }) };
}

/** RULE_* of the ABI. */
export function ruleFlags({ tags, types }: SchemaRules): number {
  return (tags === 'fixed' ? RULE_TAGS_FIXED : 0) | { strict: 0, widen: RULE_WIDEN, split: RULE_SPLIT }[types];
}
