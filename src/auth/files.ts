/** The files of tokens in a data folder: read, published, and set aside when they are damaged. */
import { randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { Disk } from '../disk.js';
import { moveFile } from '../log/log-quarantine.js';
import { parseSegmentName, type DataPaths } from '../names.js';
import { publishFile, writeSynced } from '../publish.js';
import { decodeGivenToken, decodeTokens, encodeTokens, type GivenToken, type TokenList } from './token-file.js';

export class TokenFiles {
  readonly #disk: Disk;
  readonly #paths: DataPaths;
  /** A tokens.json that could be neither read nor moved: it is kept before another takes its place. */
  #isInTheWay = false;

  constructor(disk: Disk, paths: DataPaths) {
    this.#disk = disk;
    this.#paths = paths;
  }

  /** What tokens.json says, null when there is none. @throws Error with a sentence when it cannot be read */
  async read(): Promise<TokenList | null> {
    const { tokens } = this.#paths;
    try {
      const text = await this.#disk.readWhole(tokens);
      const list = text === null ? null : decodeTokens(text.toString());
      this.#isInTheWay = false;
      return list;
    } catch (error) {
      throw new Error(`${tokens} cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The token of the admin token file. @throws Error with a sentence that names the file, and repeats nothing of it */
  async readGiven(path: string): Promise<GivenToken> {
    const text = await this.#disk.readWhole(path);
    if (text === null) throw new Error(`there is no admin token file ${path}`);
    try {
      return decodeGivenToken(text.toString());
    } catch (error) {
      throw new Error(`the admin token file ${path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Moves a tokens.json that cannot be read to quarantine, at once or, where that fails, before it is replaced. @returns what was done */
  async setAside(): Promise<string> {
    const { tokens } = this.#paths;
    this.#isInTheWay = true;
    // One that the disk does not give may be whole: it stays for the next start, or for who puts the disk right.
    const canBeRead = await this.#disk.readWhole(tokens).then(() => true, () => false);
    if (!canBeRead) return 'it stays in its place';
    try {
      return `it is kept as ${await this.#move()}`;
    } catch (error) {
      return `it stays in its place, for it could not be moved to quarantine: ${(error as Error).message}`;
    }
  }

  /** Whether nothing says that this folder was ever in use. A tokens.json comes before all else: without one it should be. */
  async isFolderNew(): Promise<boolean> {
    const { catalog, catalogPrevious, log, tables, quarantine } = this.#paths;
    if (await this.#disk.exists(catalog) || await this.#disk.exists(catalogPrevious)) return false;
    if ((await this.#disk.list(log)).some((name) => parseSegmentName(name) !== null)) return false;
    return (await this.#disk.list(tables)).length === 0 && (await this.#disk.list(quarantine)).length === 0;
  }

  async publish(list: TokenList): Promise<void> {
    if (this.#isInTheWay) await this.#move();
    await this.#publish(this.#paths.tokens, encodeTokens(list));
  }

  /** Puts the operator's token into `admin-token`. */
  async publishOperator(token: string): Promise<void> {
    await this.#publish(this.#paths.adminToken, `${token}\n`);
  }

  /** Puts the operator's next text beside `admin-token`, durably: it takes its place once tokens.json knows it. */
  async prepareOperator(token: string): Promise<void> {
    await writeSynced(this.#disk, this.#nextOperator, Buffer.from(`${token}\n`), 'create-secret');
    await this.#disk.syncFolder(dirname(this.#nextOperator));
  }

  /** A text that was prepared and has not taken its place; null when there is none. */
  async preparedOperator(): Promise<string | null> {
    return (await this.#disk.readWhole(this.#nextOperator))?.toString().trim() ?? null;
  }

  async placeOperator(): Promise<void> {
    const { adminToken } = this.#paths;
    await this.#disk.rename(this.#nextOperator, adminToken);
    await this.#disk.syncFolder(dirname(adminToken));
  }

  dropPreparedOperator(): Promise<void> {
    return this.#disk.remove(this.#nextOperator);
  }

  get #nextOperator(): string {
    return `${this.#paths.adminToken}.new`;
  }

  hasOperator(): Promise<boolean> {
    return this.#disk.exists(this.#paths.adminToken);
  }

  /** @returns where it is */
  async #move(): Promise<string> {
    const { tokens, quarantine } = this.#paths;
    const name = basename(tokens);
    const as = `${name}-${randomBytes(4).toString('hex')}.bad`;
    if (await this.#disk.exists(tokens)) await moveFile({ disk: this.#disk, folder: quarantine }, name, dirname(tokens), as);
    this.#isInTheWay = false;
    return `${quarantine}/${as}`;
  }

  #publish(path: string, text: string): Promise<void> {
    return publishFile(this.#disk, { path, unfinished: `${path}.new`, bytes: Buffer.from(text), how: 'create-secret' });
  }
}
