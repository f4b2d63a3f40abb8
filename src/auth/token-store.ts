/** The tokens of a data folder: kept as hashes in tokens.json, changed without a restart. */
import { atMost } from '../in-turn.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import { SluiceError } from '../errors.js';
import type { DataPaths } from '../names.js';
import { TokenFiles } from './files.js';
import type { GivenToken, TokenList } from './token-file.js';
import { checkOrder, hashToken, makeToken, OPERATOR, type TokenEntry, type TokenOrder } from './token.js';

interface StoreParts {
  readonly disk: Disk;
  readonly paths: DataPaths;
  readonly clock: Clock;
  /** File with an admin token for unattended set-up, or null. */
  readonly adminTokenFile: string | null;
  /** Takes a sentence on what is damaged and what was done. */
  readonly report: (sentence: string) => void;
  /** Takes a sentence on a token that was made, changed or removed; none holds a token's text. */
  readonly say?: (sentence: string) => void;
}

/**
 * `new`: the folder's first start, and its first token is not in a file yet. `lost`: there were tokens, and nobody knows
 * which. In both nobody is let in.
 */
type State = 'known' | 'new' | 'lost';

/** A token that was just made: the only time its text is seen. */
export interface MadeToken {
  readonly entry: TokenEntry;
  readonly token: string;
}

export class TokenStore {
  readonly #parts: StoreParts;
  readonly #files: TokenFiles;
  #state: State = 'known';
  /** What the start has not written yet, and why; null when nothing is. */
  #owed: { readonly given: GivenToken | null; readonly why: string } | null = null;
  /** Why `admin-token` does not say yet what tokens.json knows; null when it does. */
  #operatorOwed: string | null = null;
  #list: TokenList = { nextId: 1, entries: [] };
  #byHash: ReadonlyMap<string, TokenEntry> = new Map();
  #onChange: () => void = () => {};
  /** Changes come one after another: each leans on the one before it being in the file. */
  readonly #inTurn = atMost(1);

  private constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#files = new TokenFiles(parts.disk, parts.paths);
  }

  /**
   * Reads tokens.json, and adds the token of the admin token file. At the first start without such a file one admin
   * token is made; its text goes into `admin-token`. When tokens.json is damaged or gone nobody is let in until a token
   * is made through the control socket, or a good copy is put back.
   * @returns the store, and the token if one was made
   * @throws Error with a sentence when the admin token file cannot be read
   */
  static async open(parts: StoreParts): Promise<{ store: TokenStore; made: string | null }> {
    const store = new TokenStore(parts);
    await store.#readFirst();
    await store.#settleOperator();
    return { store, made: await store.#finish(await store.#given()) };
  }

  /** A sentence on why nobody, or not everybody, is let in; null when all is well. */
  problem(): string | null {
    if (this.#owed !== null) return `tokens could not be written, which is tried again: ${this.#owed.why}`;
    if (this.#operatorOwed !== null) return `${this.#parts.paths.adminToken} has no token that is let in, and is tried again: ${this.#operatorOwed}`;
    if (this.#state !== 'lost') return null;
    return `no request with a token is let in, for ${this.#parts.paths.tokens} is lost: put a good copy back and send SIGHUP, or make a token with sluice token create --admin`;
  }

  /** Writes what the start could not. Call it about once a second. */
  async heal(): Promise<void> {
    if (this.#owed === null && this.#operatorOwed === null) return;
    await this.#inTurn(async () => {
      if (this.#operatorOwed !== null) await this.#settleOperator();
      if (this.#owed !== null) await this.#finish(this.#owed.given);
    });
  }

  /** Calls `action` after every change; replaces the one before. */
  onChange(action: () => void): void {
    this.#onChange = action;
  }

  /** There is no token at all, by intent: the first may be made by anyone. */
  get isOpen(): boolean {
    return this.#state === 'known' && this.#list.entries.length === 0;
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
      this.#say(`token ${JSON.stringify(name)} is removed`);
    });
  }

  /**
   * Gives a token a new text and a life as long as it had; the old text is not known from then on. The file
   * `admin-token`, where it still stands, follows the operator's: its next text is on disk before tokens.json knows it,
   * and takes its place afterwards, so that a crash at any moment leaves one that is let in after the next start.
   * @throws SluiceError token-not-found
   */
  rotate(name: string): Promise<MadeToken> {
    return this.#inTurn(async () => {
      const old = this.#named(name);
      const token = makeToken();
      const nowMs = this.#parts.clock.nowMs();
      const lifeMs = old.expiresMs === null || old.createdMs === null ? null : old.expiresMs - old.createdMs;
      const entry = { ...old, sha512: hashToken(token), createdMs: nowMs, expiresMs: lifeMs === null ? old.expiresMs : nowMs + lifeMs };
      const isFollowed = name === OPERATOR && await this.#files.hasOperator();
      if (isFollowed) await this.#files.prepareOperator(token);
      await this.#publish({ ...this.#list, entries: this.#list.entries.map((one) => (one === old ? entry : one)) });
      if (isFollowed) await this.#settleOperator();
      this.#say(`token ${JSON.stringify(name)} is rotated: its old text is known no more`);
      return { entry, token };
    });
  }

  /** Reads the files again. @throws Error with a sentence when one cannot be read; what was known stays */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const list = await this.#files.read();
      if (list !== null) this.#take(list);
      await this.#settleOperator();
      await this.#addGiven(await this.#given());
    });
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
    this.#say(`token ${JSON.stringify(name)} is made${rights === 'admin' ? ', which may do everything' : ''}`);
    return { entry, token };
  }

  /** Puts a text that was prepared in its place when tokens.json knows it, and away when not; what the disk refuses is owed. */
  async #settleOperator(): Promise<void> {
    // Which of two texts is good shows when a good copy is back, and the next start.
    if (this.#state === 'lost') return;
    try {
      const token = await this.#files.preparedOperator();
      if (token !== null && this.#byHash.get(hashToken(token))?.name === OPERATOR) await this.#files.placeOperator();
      else if (token !== null) await this.#files.dropPreparedOperator();
      this.#operatorOwed = null;
    } catch (error) {
      this.#operatorOwed = (error as Error).message;
    }
  }

  /** The start's look: what is damaged is set aside, and stops nothing. */
  async #readFirst(): Promise<void> {
    const { paths, report } = this.#parts;
    let list: TokenList | null;
    try {
      list = await this.#files.read();
    } catch (error) {
      this.#state = 'lost';
      return report(`${(error as Error).message}; ${await this.#files.setAside()}`);
    }
    if (list !== null) return this.#take(list);
    this.#state = await this.#files.isFolderNew() ? 'new' : 'lost';
    if (this.#state === 'lost') report(`${paths.tokens} is missing, though the folder was in use`);
  }

  /** @throws Error with a sentence */
  async #given(): Promise<GivenToken | null> {
    const { adminTokenFile } = this.#parts;
    return adminTokenFile === null ? null : this.#files.readGiven(adminTokenFile);
  }

  /** Writes the tokens that a start brings; what the disk refuses is owed. @returns the first token of a new folder, if it was made */
  async #finish(given: GivenToken | null): Promise<string | null> {
    try {
      await this.#addGiven(given);
      const token = this.#state === 'new' ? makeToken() : null;
      if (token !== null) {
        await this.#files.publishOperator(token);
        await this.#add(token, { name: OPERATOR, rights: 'admin', lifeMs: null });
      }
      this.#owed = null;
      return token;
    } catch (error) {
      this.#owed = { given, why: (error as Error).message };
      return null;
    }
  }

  /** The token of the admin token file; a name or token that is there already is left as it is. */
  async #addGiven(given: GivenToken | null): Promise<void> {
    if (given === null) return;
    const { nextId, entries } = this.#list;
    const sha512 = hashToken(given.token);
    if (this.#byHash.has(sha512) || entries.some(({ name }) => name === given.name)) return;
    const entry: TokenEntry = { id: nextId, name: given.name, sha512, createdMs: this.#parts.clock.nowMs(), expiresMs: given.expiresMs, rights: 'admin' };
    await this.#publish({ nextId: nextId + 1, entries: [...entries, entry] });
    this.#say(`token ${JSON.stringify(given.name)} of the admin token file is taken up, which may do everything`);
  }

  async #publish(list: TokenList): Promise<void> {
    await this.#files.publish(list);
    this.#take(list);
  }

  #say(sentence: string): void {
    this.#parts.say?.(sentence);
  }

  #take(list: TokenList): void {
    this.#state = 'known';
    this.#list = list;
    this.#byHash = new Map(list.entries.map((entry) => [entry.sha512, entry]));
    this.#onChange();
  }
}
