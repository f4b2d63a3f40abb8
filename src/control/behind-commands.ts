/** A server that finds its data folder held by a command waits for its end: who starts servers takes "in use" for final. */
import type { Control } from './server.js';
import { FolderHeld } from './server.js';

/** A command that takes longer is to be ended, or waited for, by who starts the server. */
const WAIT_MS_MAX = 30_000;
const AGAIN_MS = 100;

interface Patience {
  readonly monotonicMs: () => number;
  /** Resolves after so long, and keeps the process alive until then. */
  readonly pause: (ms: number) => Promise<void>;
  /** Takes a sentence on what is waited for, once. */
  readonly say: (sentence: string) => void;
  /** Whether to give up. */
  readonly isOver: () => boolean;
}

/**
 * Takes a data folder, once no command holds it.
 * @param take tries it
 * @throws what `take` throws: FolderHeld at once for a server, and for a command that holds on for too long
 */
export async function takeBehindCommands(take: () => Promise<Control>, { monotonicMs, pause, say, isOver }: Patience): Promise<Control> {
  const untilMs = monotonicMs() + WAIT_MS_MAX;
  let isSaid = false;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof FolderHeld) || error.by.holder !== 'command' || isOver() || monotonicMs() >= untilMs) throw error;
      if (!isSaid) say(`${error.message}: it is waited for, ${WAIT_MS_MAX / 1000} s at most`);
      isSaid = true;
    }
    await pause(AGAIN_MS);
  }
}
