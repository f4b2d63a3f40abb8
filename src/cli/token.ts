/** `sluice token` */
import { PERMISSIONS, type Permission, type Rights } from '../auth/principal.js';
import { UsageError } from '../config.js';
import type { ResultOf } from '../control/commands.js';
import { parseDuration } from '../durations.js';
import type { Format } from '../query/format.js';
import { printRows, runCommand, writeOut } from './io.js';

/** What the user wants of a new token. */
export interface CreateTokenOptions {
  readonly admin?: boolean;
  /** Patterns. */
  readonly database?: readonly string[];
  /** By commas. */
  readonly permission?: string;
  readonly expires?: string;
  readonly name?: string;
}

/** Makes a token. Its text alone goes to stdout. @throws UsageError for options that do not go together */
export async function createToken(dataDir: string | undefined, options: CreateTokenOptions): Promise<void> {
  const lifeMs = options.expires === undefined ? null : parseLife(options.expires);
  await printToken('made', await runCommand(dataDir, 'token-create', { name: options.name ?? null, rights: rightsOf(options), lifeMs }));
}

/** Gives a token a new text; the old one is not known from then on. */
export async function rotateToken(dataDir: string | undefined, name: string): Promise<void> {
  await printToken('rotated', await runCommand(dataDir, 'token-rotate', { name }));
}

export async function deleteToken(dataDir: string | undefined, name: string): Promise<void> {
  await runCommand(dataDir, 'token-delete', { name });
  await writeOut(`token ${name} is deleted\n`);
}

export async function listTokens(dataDir: string | undefined, format: Format): Promise<void> {
  const tokens = await runCommand(dataDir, 'token-list', {});
  await printRows(
    ['name', 'databases', 'permissions', 'created', 'expires'],
    tokens.flatMap(({ name, rights, createdMs, expiresMs }) => {
      const times = [timeText(createdMs), timeText(expiresMs)];
      if (rights === 'admin') return [[name, '*', 'admin', ...times]];
      return rights.map(({ databases, permissions }) => [name, databases.join(','), permissions.join(','), ...times]);
    }),
    format,
  );
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

async function printToken(done: string, { name, token }: ResultOf<'token-create'>): Promise<void> {
  process.stderr.write(`token ${name} is ${done}; its text is shown this once\n`);
  await writeOut(`${token}\n`);
}

function rightsOf({ admin = false, database = [], permission }: CreateTokenOptions): Rights {
  if (admin && (database.length > 0 || permission !== undefined)) throw new UsageError('--admin allows everything: leave --database and --permission out');
  if (admin) return 'admin';
  if (database.length === 0 || permission === undefined) throw new UsageError('say --admin, or --database PATTERN and --permission read, write or read,write');
  return [{ databases: database, permissions: permission.split(',').map(parsePermission) }];
}

function parsePermission(text: string): Permission {
  const permission = PERMISSIONS.find((known) => known === text.trim());
  if (permission === undefined) throw new UsageError(`--permission is ${JSON.stringify(text)}: it must be read, write or read,write`);
  return permission;
}

/** `90d` in milliseconds. */
function parseLife(text: string): number {
  const lifeMs = Math.round((parseDuration(text) ?? 0) * 1000);
  if (lifeMs <= 0) throw new UsageError(`--expires is ${JSON.stringify(text)}: it must be a time as in 30m, 12h, 90d or 1y`);
  return lifeMs;
}
