/** Words for people: counts with their nouns, and sentences instead of what the system calls a fault. Pure. */

/** As in `1 line`, `2 lines`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The form of a verb for a count. */
export function verb(count: number, one: string, more: string): string {
  return count === 1 ? one : more;
}

const FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not do that',
  EADDRINUSE: 'another process has the address',
  EADDRNOTAVAIL: 'this machine has no such address',
  EDQUOT: 'the quota of the disk is used up',
  EEXIST: 'it is there already',
  EFBIG: 'the file would be too large',
  EIO: 'the disk failed',
  EISDIR: 'it is a folder',
  ELOOP: 'links lead in a circle',
  EMFILE: 'this process has too many files open',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'the machine has too many files open',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  ENOTEMPTY: 'the folder is not empty',
  EPERM: 'this user may not do that',
  EROFS: 'the file system is read-only',
  ETXTBSY: 'the file is being run',
  EXDEV: 'they are on different disks',
};

/** As Node says it: `ENOENT: no such file or directory, open 'x'`, `listen EADDRINUSE: address already in use 127.0.0.1:80`. */
const RAW = /(?:\b(?:listen|bind|connect) )?\b(E[A-Z]{2,}): [a-z][a-z /()-]*[a-z](?:, (?:\w+)(?: '([^']*)')?(?: -> '([^']*)')?| ([\w.:[\]/-]*[\w\]]))?/g;

/** A message with sentences in place of error codes; a path stands there once. */
export function inWords(message: string): string {
  return message.replace(RAW, (raw, code: string, path?: string, to?: string, address?: string, ...rest) => {
    const words = FAULTS[code];
    if (words === undefined) return raw;
    const before = message.slice(0, rest[0] as number);
    const named = [path, to, address].filter((each) => each !== undefined && each !== '' && !before.includes(each));
    return named.length === 0 ? words : `${words}: ${named.join(' to ')}`;
  });
}
