/** `sluice import` */
import { UsageError } from '../config.js';
import type { DiskFile } from '../disk.js';
import { dataPaths } from '../names.js';
import { WasmParser } from '../worker/wasm/wasm.js';
import { OWN_DATABASE } from './import/export.js';
import { Progress } from './import/progress.js';
import { RejectedFiles } from './import/rejected-files.js';
import { AT_START, forgetGone, Resume, type Reached } from './import/resume.js';
import { TextImport, type TextParts } from './import/text.js';
import { firstSignal, Stopped } from './interrupt.js';
import { withFolder, writeOut } from './io.js';
import { parserModule } from './parser.js';
import { chunksOf, isGzip, openToRead, unpacked, withoutFirst } from './source.js';
import { counted, inWords } from './words.js';

interface ImportOptions {
  readonly dataDir: string | undefined;
  /** Where lines go instead of the database that the text names, or null. */
  readonly database: string | null;
  /** A word of PRECISIONS, or null: ns for an export, else auto. */
  readonly precision: string | null;
}

/** What the imports of one command share. */
type Means = Pick<TextParts, 'run' | 'limits' | 'scanner' | 'database' | 'precision' | 'stopped'>;

/**
 * Imports files, one after another, and says for each what became of it.
 * @param files paths, or - for stdin; line protocol or `influx_inspect export`, gzip or plain
 * @returns how many lines were rejected
 * @throws Error (Stopped, by a signal) with a sentence when an import did not come to its end; the same command goes on from there
 */
export async function importFiles(files: readonly string[], { dataDir, database, precision }: ImportOptions): Promise<number> {
  return withFolder(dataDir, async (run, config) => {
    const means: Means = { run, limits: await run('status', {}), scanner: new WasmParser(parserModule()), database, precision, stopped: firstSignal() };
    const done: Resume[] = [];
    let rejected = 0;
    for (const path of files) {
      const reached = path === '-' ? await importStdin(means) : await importFile(path, dataPaths(config.dataDir).imports, means, done);
      rejected += reached.rejected;
    }
    for (const resume of done) await resume.forget();
    await forgetGone(dataPaths(config.dataDir).imports);
    return rejected;
  });
}

async function importStdin(means: Means): Promise<Reached> {
  const rejected = new RejectedFiles('stdin');
  await rejected.begin();
  try {
    return await importText('stdin', unpacked(process.stdin), means, { from: AT_START, rejected, share: () => null, save: async () => undefined });
  } finally {
    process.stdin.destroy(); // one that says nothing would keep a process that is stopped
  }
}

/** @param done gets the state of this import, which is kept until all files of the command are done */
async function importFile(path: string, statesFolder: string, means: Means, done: Resume[]): Promise<Reached> {
  const file = await openToRead(path);
  try {
    const resume = await Resume.of(statesFolder, path, file, means);
    done.push(resume);
    const rejected = new RejectedFiles(path);
    let from = await resume.load((sentence) => process.stderr.write(`${path}: ${inWords(sentence)}\n`));
    if (from.isDone) {
      await writeOut(`${path} was imported already, before the command was interrupted\n`);
      return from;
    }
    if (!(await rejected.goOn(from.rejectedSizes))) {
      from = AT_START;
      await rejected.begin();
    }
    if (from.bytes > 0) process.stderr.write(`${path}: going on after line ${from.physicalLines}\n`);
    const { share, text } = await openText(file, from.bytes);
    const reached = await importText(path, text, means, { from, rejected, share, save: (now) => resume.save(now) });
    await resume.save({ ...reached, isDone: true });
    return reached;
  } finally {
    await file.close();
  }
}

/** The text of a file from a place on, and the share of the file that was read. @param from bytes, unpacked */
async function openText(file: DiskFile, from: number): Promise<{ text: AsyncIterable<Uint8Array>; share: () => number }> {
  const head = new Uint8Array(2);
  await file.read(head, 0);
  const isPacked = isGzip(head);
  const bytes = await file.size();
  let read = isPacked ? 0 : from;
  async function* stored(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(file, read)) {
      read += chunk.length;
      yield chunk;
    }
  }
  return { text: isPacked ? withoutFirst(from, unpacked(stored())) : stored(), share: () => read / bytes };
}

interface Run {
  readonly from: Reached;
  readonly rejected: RejectedFiles;
  readonly share: () => number | null;
  readonly save: (reached: Reached) => Promise<void>;
}

async function importText(name: string, text: AsyncIterable<Uint8Array>, means: Means, { from, rejected, save, share }: Run): Promise<Reached> {
  const progress = new Progress(name, from, share);
  const onReached = async (reached: Reached): Promise<void> => {
    progress.reach(reached);
    await save(reached);
  };
  const work = new TextImport({ ...means, name, rejected, onReached, onWait: (sentence) => progress.waitFor(sentence) }, from);
  try {
    await work.run(text);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { physicalLines } = work.reached;
    const goesOn = name === 'stdin' ? 'is stored' : 'is stored, the same command goes on from there';
    const sentence = `${name}: ${(error as Error).message}; all up to line ${physicalLines} ${goesOn}`;
    throw error instanceof Stopped ? new Stopped(error.signal, sentence) : new Error(sentence);
  } finally {
    progress.end();
    await rejected.close();
  }
  await writeOut(summaryOf(name, work.reached, rejected));
  return work.reached;
}

function summaryOf(name: string, { leftOut, lines, rejected: rejectedLines }: Reached, rejected: RejectedFiles): string {
  const parts = [
    `${counted(lines, 'line')} imported`,
    ...(leftOut === 0 ? [] : [`${leftOut} of ${OWN_DATABASE} left out`]),
    `${rejectedLines} rejected${rejectedLines === 0 ? '' : `, kept in ${rejected.paths}`}`,
  ];
  return `${name}: ${parts.join(', ')}\n`;
}
