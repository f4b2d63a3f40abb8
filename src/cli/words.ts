/** Words for people: counts with their nouns, and sentences instead of what the system calls a fault. Pure. */
import { FAULT_WORDS } from '../fault-words.js';

/** As in `1 line`, `2 lines`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The form of a verb for a count. */
export function verb(count: number, one: string, more: string): string {
  return count === 1 ? one : more;
}

/** As Node says it: `ENOENT: no such file or directory, open 'x'`, `listen EADDRINUSE: address already in use 127.0.0.1:80`. */
const RAW = /(?:\b(?:listen|bind|connect) )?\b(E[A-Z]{2,}): [a-z][a-z /()-]*[a-z](?:, (?:\w+)(?: '([^']*)')?(?: -> '([^']*)')?| ([\w.:[\]/-]*[\w\]]))?/g;

/** As disk.ts says it: `/a/x could not be opened: there is no such file or folder (ENOENT)`. */
const TOLD = /(\S+) (could not be [^:]+: )([^()]+) \(E[A-Z]{2,}\)/g;

/** A message with sentences in place of error codes; a path stands there once. */
export function inWords(message: string): string {
  return message.replace(RAW, (raw, code: string, path?: string, to?: string, address?: string, ...rest) => {
    const words = FAULT_WORDS[code];
    if (words === undefined) return raw;
    const before = message.slice(0, rest[0] as number);
    const named = [path, to, address].filter((each) => each !== undefined && each !== '' && !before.includes(each));
    return named.length === 0 ? words : `${words}: ${named.join(' to ')}`;
  }).replace(TOLD, (_, path: string, what: string, words: string, at: number, whole: string) => (
    whole.slice(0, at).includes(path) ? words : `${path} ${what}${words}`
  ));
}
