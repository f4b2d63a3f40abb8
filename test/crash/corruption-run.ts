/** Runs one case: a copy of the folder is damaged, served, written to, killed and served again; what comes of it is judged. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { inflict, type Damage } from './corruption-damage.js';
import type { PristineFolder } from './corruption-folder.js';
import { filesBelow, type Layout } from './corruption-layout.js';
import { command, Life } from './corruption-life.js';
import { Judge } from './corruption-oracle.js';
import { LOADED, selectAllOf, TABLES } from './corruption-rows.js';
import { stakeOf } from './corruption-stake.js';
import { knock } from './corruption-tokens.js';

/** Rows that a case writes are numbered from here on. */
const NEW_IDS_FROM = 1_000_000;

class Run {
  readonly #layout: Layout;
  readonly #damage: Damage;
  readonly #judge: Judge;
  readonly #acknowledged: Map<number, string>;
  #nextId = NEW_IDS_FROM;

  constructor(layout: Layout, damage: Damage, judge: Judge) {
    this.#layout = layout;
    this.#damage = damage;
    this.#judge = judge;
    this.#acknowledged = new Map(layout.folder.acknowledged);
  }

  get #folder(): PristineFolder {
    return this.#layout.folder;
  }

  async whole(dataDir: string, { goesOn, withAuth }: Ways): Promise<void> {
    await promisify(execFile)('cp', ['-a', this.#folder.dataDir, dataDir]);
    inflict(dataDir, this.#damage);
    const before = filesBelow(dataDir);
    const first = await this.#start('first start', dataDir, withAuth);
    if (first === null) return;
    if (withAuth) await knock(first, this.#judge, this.#folder, this.#damage, this.#nextId++);
    await this.#writeToAll(first);
    await this.#look('first start', first);
    if (this.#damage.path.startsWith('imports/')) await this.#importAgain(first);
    if (this.#damage.path.startsWith('rejects/')) await this.#listRejected(first);
    await this.#writeToAll(first);
    if (goesOn) await first.goOn();
    const healths = [await first.health()];
    await first.server.kill();

    const second = await this.#start('second start', dataDir, withAuth);
    if (second === null) return;
    second.token = first.token;
    await this.#writeToAll(second);
    await this.#look('second start', second);
    healths.push(await second.health());
    await second.server.kill();
    this.#judge.folder(before, dataDir, healths);
  }

  async #start(at: string, dataDir: string, withAuth: boolean): Promise<Life | null> {
    try {
      return await Life.start(dataDir, withAuth);
    } catch (error) {
      this.#judge.add(`no start: ${at}: ${(error as Error).message.slice(0, 400)}`);
      return null;
    }
  }

  /** A row to every table; what is answered 204 is expected from then on. */
  async #writeToAll(life: Life): Promise<void> {
    await Promise.all(TABLES.map(async (table) => {
      const id = this.#nextId++;
      const status = await life.write(table, [id]);
      this.#judge.answered(table.key, status);
      if (status === 204) this.#acknowledged.set(id, table.key);
    }));
  }

  async #look(at: string, life: Life): Promise<void> {
    const shown = await life.shown(await this.#unreadableFile(at, life));
    this.#judge.look(at, { shown, health: await life.health(), acknowledged: new Map(this.#acknowledged) });
  }

  /** A damaged data file is read by a process of its own first: it may end it. @returns its path when the query fails, so that the others are seen */
  async #unreadableFile(at: string, life: Life): Promise<string | undefined> {
    const { path, before, after } = this.#damage;
    const owner = this.#layout.tables.find(({ files }) => files.has(path));
    if (before === null || owner === undefined) return undefined;
    const file = join(life.dataDir, path);
    if ((await life.complaint(selectAllOf(TABLES.find(({ key }) => key === owner.key)!))) !== null) return file;
    const rows = owner.files.get(path)!.length;
    if (after?.length === before.length) this.#judge.fileGives(at, rows, Number(await life.cell(`SELECT count(id) FROM read_parquet('${file}')`)));
    return undefined;
  }

  /** Rejected lines of other files, and of what is left of this one, are listed all the same. */
  async #listRejected(life: Life): Promise<void> {
    const { code, stderr } = await command(['rejected', '--data-dir', life.dataDir, '--database', 'plant']);
    if (code !== 0) this.#judge.add(`blocked: \`sluice rejected\` ended with ${code}: ${stderr}`);
  }

  /** The same command again: what it says is done must be there. */
  async #importAgain(life: Life): Promise<void> {
    const { importPath, importIds } = this.#folder;
    const { code, stderr } = await command(['import', '--data-dir', life.dataDir, '--database', LOADED.database, '--precision', 'ns', importPath]);
    if (code === 0) for (const id of importIds) this.#acknowledged.set(id, LOADED.key);
    else if (stderr === '') this.#judge.add(`silent: the import ended with ${code} and no sentence`);
  }
}

/** How a case is run. */
interface Ways {
  readonly withAuth: boolean;
  /** The damaged folder's tables are put together in its first life: a thread that yields to all else, so it takes long. */
  readonly goesOn: boolean;
}

/** @returns violations of the contract, each a sentence that begins with its class; none when all is well */
export async function runCase(layout: Layout, damage: Damage, ways: Ways): Promise<string[]> {
  const judge = new Judge({ layout, damage, stake: stakeOf(layout, damage) });
  const dataDir = makeDataDir();
  try {
    await new Run(layout, damage, judge).whole(dataDir, ways);
  } catch (error) {
    judge.add(`no answer: ${(error as Error).stack}`);
  } finally {
    removeDataDir(dataDir);
  }
  return judge.violations;
}
