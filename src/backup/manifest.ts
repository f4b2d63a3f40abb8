/** What a backup is made of: the list of its files, and what one that did not end had copied. */
import type { Disk } from '../disk.js';
import { array, decode, decodeChecked, encodeChecked, literal, number, object, string, type InferOutput } from '../json.js';
import type { BackupPaths } from '../names.js';

const fileSchema = object({ path: string(), stored: string(), bytes: number(), changedMs: number(), crc: string() });
const manifestSchema = object({ format: literal(1), sluice: string(), begun: string(), ended: string(), files: array(fileSchema) });

/** A file of a data folder, and where the backup has it: names relative to the data folder and to `files/`. */
export type StoredFile = InferOutput<typeof fileSchema>;
export type Manifest = InferOutput<typeof manifestSchema>;

/** The manifest of a folder of backups, or null when there is none. @throws Error with a sentence when it is damaged */
export async function readManifest(disk: Disk, { manifest }: BackupPaths): Promise<Manifest | null> {
  const bytes = await disk.readWhole(manifest);
  if (bytes === null) return null;
  try {
    return decode(manifestSchema, decodeChecked(bytes));
  } catch (error) {
    throw new Error(`${manifest} is no list of a backup: ${(error as Error).message}`, { cause: error });
  }
}

/** Puts a manifest in the place of the one before; from then on it is the backup. */
export async function publishManifest(disk: Disk, paths: BackupPaths, manifest: Manifest): Promise<void> {
  const unfinished = `${paths.manifest}.tmp`;
  await disk.remove(unfinished);
  const file = await disk.open(unfinished, 'create');
  try {
    await file.write(encodeChecked(manifest), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(unfinished, paths.manifest);
}

/** What a backup that did not end had copied; its last line may be torn. */
export async function readProgress(disk: Disk, { progress }: BackupPaths): Promise<StoredFile[]> {
  const text = (await disk.readWhole(progress))?.toString() ?? '';
  return text.split('\n').slice(0, -1).flatMap((line) => {
    try {
      return [decode(fileSchema, JSON.parse(line))];
    } catch {
      return []; // copied once more
    }
  });
}
