/** uWebSockets.js: the only door to it. The addon of the newest build that loads here is loaded with this file. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { HttpResponse } from 'uWebSockets.js';
import { systemDisk } from '../../disk.js';
import { UWS_BUILDS, type UwsBuild } from './uws-builds.js';

export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket } from 'uWebSockets.js';
type Library = typeof import('uWebSockets.js');

const require = createRequire(import.meta.url);

/** Loads the addon itself: none of the package's JavaScript runs. @throws Error with a sentence when it is not there, not what it must be, or does not load */
export async function loadBuild({ folder, version, sha256 }: UwsBuild): Promise<Library> {
  const path = join(dirname(require.resolve(folder)), `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`);
  const wanted = sha256[basename(path)];
  if (wanted === undefined) throw new Error(`${version} has no build for this machine and Node.js ${process.version}`);
  const bytes = await systemDisk.readWhole(path);
  if (bytes === null) throw new Error(`there is no ${path}`);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== wanted) throw new Error(`${path} is not the file it should be: its SHA-256 is ${found}`);
  return require(path) as Library;
}

async function loadNewest(): Promise<{ library: Library; build: UwsBuild }> {
  const reasons: string[] = [];
  for (const build of UWS_BUILDS) {
    try {
      return { library: await loadBuild(build), build };
    } catch (error) {
      reasons.push((error as Error).message.split('\n')[0]!);
    }
  }
  throw new Error(reasons.join('; '));
}

/** The library, and which build it is. */
export const { library: uws, build: uwsBuild } = await loadNewest();

/** The address of the peer, as its bytes: a third of the cost of its text. */
export function addressOf(response: HttpResponse): string {
  return Buffer.from(response.getRemoteAddress()).toString('latin1');
}
