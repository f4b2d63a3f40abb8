/** Admin token: made at first start, kept as a hash. */
import { createHash, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { Disk } from './disk.js';
import type { DataPaths } from './names.js';

/** `apiv3_` and 86 characters: 64 random bytes in URL-safe base64, as InfluxDB 3 makes them. */
const TOKEN_BYTES = 64;

interface TokenFile {
  readonly format: 1;
  readonly tokens: readonly { readonly name: string; readonly sha512: string }[];
}

/** SHA-512 of a token, hex. */
export function hashToken(token: string): string {
  return createHash('sha512').update(token).digest('hex');
}

/**
 * Hashes of the tokens in tokens.json. At the first start one admin token is made; its text goes into `admin-token`.
 * @returns the hashes, and the new token if one was made
 */
export async function loadTokens(disk: Disk, paths: DataPaths): Promise<{ hashes: string[]; made: string | null }> {
  const text = await disk.readWhole(paths.tokens);
  if (text !== null) {
    const file = JSON.parse(text.toString()) as TokenFile;
    return { hashes: file.tokens.map(({ sha512 }) => sha512), made: null };
  }
  const token = `apiv3_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  const file: TokenFile = { format: 1, tokens: [{ name: '_admin', sha512: hashToken(token) }] };
  await publishSecret(disk, paths.adminToken, `${token}\n`);
  await publishSecret(disk, paths.tokens, `${JSON.stringify(file)}\n`);
  return { hashes: file.tokens.map(({ sha512 }) => sha512), made: token };
}

async function publishSecret(disk: Disk, path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  await disk.remove(unfinished);
  const file = await disk.open(unfinished, 'create-secret');
  await file.write(Buffer.from(text), 0);
  await file.sync();
  await file.close();
  await disk.rename(unfinished, path);
  await disk.syncFolder(dirname(path));
}
