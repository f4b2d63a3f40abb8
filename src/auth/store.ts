/** The tokens of a data folder: kept as hashes in tokens.json, changed without a restart. */
import { dirname } from 'node:path';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import { SluiceError } from '../errors.js';
import type { DataPaths } from '../names.js';
import { decodeGivenToken, decodeTokens, encodeTokens, type TokenList } from './token-file.js';
import { checkOrder, hashToken, makeToken, OPERATOR, type TokenEntry, type TokenOrder } from './token.js';

interface StoreParts {
  readonly disk: Disk;
  readonly paths: DataPaths;
  readonly clock: Clock;
  /** File with an admin token for unattended set-up, or null. */
  readonly adminTokenFile: string | null;
}

/** A token that was just made: the only time its text is seen. */
export interface MadeToken {
  readonly entry: TokenEntry;
  readonly token: string;
}

export class TokenStore {
  readonly #parts: StoreParts;
  #list: TokenList = { nextId: 1, entries: [] };
  #byHash: ReadonlyMap<string, TokenEntry> = new Map();
  #onChange: () => void = () => {};
  /** Changes come one after another: each leans on the one before it being in the file. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /**
   * Reads tokens.json, and adds the token of the admin token file. At the first start without such a file one admin
   * token is made; its text goes into `admin-token`.
   * @returns the store, and the token if one was made
   * @throws Error with a sentence when a file cannot be read: to go on without it would lock out everyone, or let in anyone
   */
  static async open(parts: StoreParts): Promise<{ store: TokenStore; made: string | null }> {
    const store = new TokenStore(parts);
    const isFirstStart = !(await store.#read());
    await store.#addGiven();
    if (!isFirstStart || store.#list.entries.length > 0) return { store, made: null };
    const token = makeToken();
    await store.#publishSecret(parts.paths.adminToken, `${token}\n`);
    await store.#add(token, { name: OPERATOR, rights: 'admin', lifeMs: null });
    return { store, made: token };
  }

  /** Calls `action` after every change; replaces the one before. */
  onChange(action: () => void): void {
    this.#onChange = action;
  }

  get isEmpty(): boolean {
    return this.#list.entries.length === 0;
  }

  /** By id. */
  list(): readonly TokenEntry[] {
    return this.#list.entries;
  }

  /** The token of a hash (hex), expired or not. */
  find(sha512: string): TokenEntry | undefined {
    return this.#byHash.get(sha512);
  }

  /**
   * Makes a token; it is on disk when this resolves.
   * @throws SluiceError token-exists for a name that is taken; bad-parameter, bad-database-name
   */
  create(order: TokenOrder): Promise<MadeToken> {
    checkOrder(order);
    return this.#inTurn(() => this.#add(makeToken(), order));
  }

  /** @throws SluiceError token-not-found; token-protected for the operator's */
  delete(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const gone = this.#named(name);
      if (name === OPERATOR) throw new SluiceError('token-protected', `${OPERATOR} can be rotated, but not deleted`);
      await this.#publish({ ...this.#list, entries: this.#list.entries.filter((entry) => entry !== gone) });
    });
  }

  /**
   * Gives a token a new text and a life as long as it had; the old text is not known from then on. The file
   * `admin-token`, where it still stands, follows the operator's.
   * @throws SluiceError token-not-found
   */
  rotate(name: string): Promise<MadeToken> {
    return this.#inTurn(async () => {
      const { paths, disk, clock } = this.#parts;
      const old = this.#named(name);
      const token = makeToken();
      const nowMs = clock.nowMs();
      const lifeMs = old.expiresMs === null || old.createdMs === null ? null : old.expiresMs - old.createdMs;
      const entry = { ...old, sha512: hashToken(token), createdMs: nowMs, expiresMs: lifeMs === null ? old.expiresMs : nowMs + lifeMs };
      if (name === OPERATOR && await disk.exists(paths.adminToken)) await this.#publishSecret(paths.adminToken, `${token}\n`);
      await this.#publish({ ...this.#list, entries: this.#list.entries.map((one) => (one === old ? entry : one)) });
      return { entry, token };
    });
  }

  /** Reads the files again. @throws Error with a sentence when one cannot be read; what was known stays */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#read();
      await this.#addGiven();
    });
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** @throws SluiceError token-not-found */
  #named(name: string): TokenEntry {
    const found = this.#list.entries.find((entry) => entry.name === name);
    if (found === undefined) throw new SluiceError('token-not-found', JSON.stringify(name));
    return found;
  }

  async #add(token: string, { name: wanted, rights, lifeMs }: TokenOrder): Promise<MadeToken> {
    const { nextId: id, entries } = this.#list;
    const name = wanted ?? (rights === 'admin' ? OPERATOR : `token-${id}`);
    if (entries.some((entry) => entry.name === name)) throw new SluiceError('token-exists', JSON.stringify(name));
    const createdMs = this.#parts.clock.nowMs();
    const entry = { id, name, sha512: hashToken(token), createdMs, expiresMs: lifeMs === null ? null : createdMs + lifeMs, rights };
    await this.#publish({ nextId: id + 1, entries: [...entries, entry] });
    return { entry, token };
  }

  /** The token of the admin token file; a name or token that is there already is left as it is. */
  async #addGiven(): Promise<void> {
    const { adminTokenFile: path, disk, clock } = this.#parts;
    if (path === null) return;
    const text = await disk.readWhole(path);
    if (text === null) throw new Error(`there is no admin token file ${path}`);
    const given = within(`the admin token file ${path}`, () => decodeGivenToken(text.toString()));
    const { nextId, entries } = this.#list;
    const sha512 = hashToken(given.token);
    if (this.#byHash.has(sha512) || entries.some(({ name }) => name === given.name)) return;
    const entry: TokenEntry = { id: nextId, name: given.name, sha512, createdMs: clock.nowMs(), expiresMs: given.expiresMs, rights: 'admin' };
    await this.#publish({ nextId: nextId + 1, entries: [...entries, entry] });
  }

  /** @returns false when there is no tokens.json */
  async #read(): Promise<boolean> {
    const { disk, paths } = this.#parts;
    const text = await disk.readWhole(paths.tokens);
    if (text === null) return false;
    const advice = `; put a good copy back, or remove it to have a new admin token made in ${paths.adminToken} at the next start`;
    this.#take(within(paths.tokens, () => decodeTokens(text.toString()), advice));
    return true;
  }

  async #publish(list: TokenList): Promise<void> {
    await this.#publishSecret(this.#parts.paths.tokens, encodeTokens(list));
    this.#take(list);
  }

  #take(list: TokenList): void {
    this.#list = list;
    this.#byHash = new Map(list.entries.map((entry) => [entry.sha512, entry]));
    this.#onChange();
  }

  async #publishSecret(path: string, text: string): Promise<void> {
    const { disk } = this.#parts;
    const unfinished = `${path}.new`;
    await disk.remove(unfinished);
    const file = await disk.open(unfinished, 'create-secret');
    try {
      await file.write(Buffer.from(text), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(unfinished, path);
    await disk.syncFolder(dirname(path));
  }
}

/** Runs `decode`, naming the file when it throws. */
function within<T>(file: string, decode: () => T, advice = ''): T {
  try {
    return decode();
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}${advice}`, { cause: error });
  }
}
