/** A server that is killed (kill -9) at a random moment, again and again on the same data folder, while something is done with it. */
import assert from 'node:assert/strict';
import { TestServer } from '../e2e/server.js';
import type { Random } from '../fuzz/random.js';

const LIFE_MS_MIN = 200;
const LIFE_MS_MAX = 2500;

interface Rounds {
  readonly dataDir: string;
  readonly args: readonly string[];
  readonly rounds: number;
  readonly random: Random;
  /** Is done before each start, while no server runs. */
  readonly between?: () => Promise<void>;
  /** A life lasts at least until it says so, however slow the machine is. */
  readonly mayEnd?: () => boolean;
}

/** @param step is done until the server is gone; what it asserts is asserted @returns when the last server is dead */
export async function killRounds(
  { args, between, dataDir, mayEnd = () => true, random, rounds }: Rounds, step: (server: TestServer, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await between?.();
    const server = await TestServer.start(dataDir, args);
    const lifeMs = LIFE_MS_MIN + random.below(LIFE_MS_MAX);
    let life: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        if (mayEnd()) life ??= setTimeout(() => void server.kill(), lifeMs);
        await step(server, round);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error; // else the server is gone
    } finally {
      clearTimeout(life);
    }
    await server.kill();
  }
}

/** A counter of its page of metrics; NaN before it is there. */
export async function counterOf({ url }: TestServer, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
}
