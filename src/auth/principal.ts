/** Who asks, and what they may do. */

export const PERMISSIONS = ['read', 'write'] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Databases by pattern, and what is allowed in them. */
export interface Grant {
  /** Each an exact name, `prefix*`, or `*`. */
  readonly databases: readonly string[];
  readonly permissions: readonly Permission[];
}

/** What a token allows: everything, or some databases. */
export type Rights = 'admin' | readonly Grant[];

export interface Principal {
  /** The token's name, never its text. */
  readonly name: string;
  /** May do anything, in every database. */
  readonly isAdmin: boolean;
  may(permission: Permission, database: string): boolean;
  /** May do so in every database, those to come as well. */
  mayEverywhere(permission: Permission): boolean;
}

/** Whether a pattern (an exact name, `prefix*`, or `*`) takes in a database. */
function matches(pattern: string, database: string): boolean {
  return pattern.endsWith('*') ? database.startsWith(pattern.slice(0, -1)) : database === pattern;
}

/** The principal of a name with rights. */
export function makePrincipal(name: string, rights: Rights): Principal {
  if (rights === 'admin') return { name, isAdmin: true, may: () => true, mayEverywhere: () => true };
  return {
    name,
    isAdmin: false,
    may: (permission, database) => rights.some(({ databases, permissions }) => (
      permissions.includes(permission) && databases.some((pattern) => matches(pattern, database))
    )),
    mayEverywhere: (permission) => rights.some(({ databases, permissions }) => permissions.includes(permission) && databases.includes('*')),
  };
}
