/** A disk on which a process dies: the call of that count, and every later one, fails and does nothing. */
import { systemDisk, type Disk, type DiskFile } from '../../src/disk.js';

export interface CrashingDisk extends Disk {
  /** Calls so far, those of files counted too, as `name path`. */
  readonly calls: readonly string[];
}

/** @param crashAt index of the first call that fails; Infinity for a disk that never does */
export function crashingDisk(crashAt: number): CrashingDisk {
  const calls: string[] = [];
  /** The object with every method counted. */
  function counted<T extends object>(target: T, describe: (name: string, args: readonly unknown[]) => string): T {
    return new Proxy(target, {
      get(object, name: string, receiver) {
        const method: unknown = Reflect.get(object, name, receiver);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          calls.push(describe(name, args));
          if (calls.length > crashAt) throw new Error(`crashed before call ${calls.length - 1}`);
          const result: unknown = await method.apply(object, args);
          return name === 'open' ? counted(result as DiskFile, (of) => `${of} ${String(args[0])}`) : result;
        };
      },
    });
  }
  return Object.assign(counted({ ...systemDisk }, (name, args) => [name, ...args.filter((arg) => typeof arg === 'string')].join(' ')), { calls });
}
