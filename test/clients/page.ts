/** The snippets of docs/compatibility.md and docs/migration.md, with what they leave open filled in. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from '../root.js';
import type { Place } from './place.js';

interface Snippet {
  /** The heading it stands under. */
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The text of a page in docs/. */
export function pageText(page: string): string {
  return readFileSync(join(root, 'docs', page), 'utf8');
}

/** Every snippet of a page, as printed. */
export function pageSnippets(page: string): Snippet[] {
  const found: Snippet[] = [];
  let name = '';
  for (const [, heading, language = '', snippet] of pageText(page).matchAll(/^(?:#{2,3} (.+)|```(\w*)\n([^]*?)\n```)$/gm)) {
    if (snippet === undefined) name = heading!;
    else found.push({ name, language, text: snippet });
  }
  return found;
}

/** The snippets of docs/compatibility.md under a heading. @throws Error when there is none */
export function clientSnippets(name: string): Snippet[] {
  const found = pageSnippets('compatibility.md').filter((snippet) => snippet.name === name);
  if (found.length === 0) throw new Error(`docs/compatibility.md has no snippet under ${JSON.stringify(name)}`);
  return found;
}

/** A snippet ready to run against a server. */
export function fillPage({ text: snippet }: Snippet, place: Place, database: string): string {
  return snippet
    .replaceAll('127.0.0.1:8181', `127.0.0.1:${place.port}`)
    .replace(/\b8181\b/g, String(place.port))
    .replaceAll('DATABASE', database)
    .replace(/\bTOKEN\b/g, place.token);
}

/** What each snippet writes, read back, and what it must be. */
export const climateQuery = 'SELECT room, temperature, typeof(temperature), epoch(time)::BIGINT FROM climate';
export const CLIMATE = 'kitchen,21.5,DOUBLE,1735689600';
/** The same as line protocol, for what brings no points of its own. */
export const CLIMATE_LINE = 'climate,room=kitchen temperature=21.5 1735689600000000000\n';

/** Runs a program to its end. @param input for its stdin */
export async function runProgram(command: string, args: readonly string[], cwd: string, input = ''): Promise<Ran> {
  const child = spawn(command, args, { cwd });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
