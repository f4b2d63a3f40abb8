/** Agents that read without pause, each with one output, and what all of them have read. */
import { Agent } from './agent.js';
import { numberedLines, pointsOf } from './numbered.js';
import { OUTPUTS, outputSection, type Output } from './outputs.js';
import type { Section } from './toml.js';
import type { Point } from '../../oracle/point.js';

/** The option of an output that takes the target from a tag. */
const TARGET_TAG: Readonly<Record<Exclude<Output, 'http'>, string>> = {
  influxdb: 'database_tag', influxdb_v2: 'bucket_tag', influxdb_v3: 'database_tag',
};
const TARGETS_OF_A_TAG = 4;
const BATCH_POINTS = 200;

/** An agent and the streams of points in what it reads; the stream's name stands in the tag `agent`. */
interface Member {
  readonly agent: Agent;
  readonly streams: readonly { readonly name: string; readonly database: string }[];
}

export class Fleet {
  readonly #members: readonly Member[];
  #points = 0;

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Starts agents: every fifth takes its target from a tag, the others cycle through outputs and encodings. */
  static start(program: string, url: string, token: string, agents: number): Fleet {
    const fleet = new Fleet(Array.from({ length: agents }, (_, i) => makeMember(program, url, token, i)));
    for (const { agent } of fleet.#members) agent.start();
    return fleet;
  }

  /** Gives every agent the next points of each of its streams. */
  feed(points: number): void {
    for (const { agent, streams } of this.#members) {
      for (const { name } of streams) agent.append(numberedLines(name, this.#points, this.#points + points));
    }
    this.#points += points;
  }

  /** Resolves when no agent has anything left. @throws Error with the log of one that does not get there */
  async emptied(msMax: number): Promise<void> {
    await Promise.all(this.#members.map(({ agent }) => agent.emptied(msMax)));
  }

  /** What all logs say, for what they must have felt. */
  logs(): string {
    return this.#members.map(({ agent }) => agent.log).join('\n');
  }

  /** All that was read, by the database in which it must be. */
  read(): Map<string, Point[]> {
    const databases = new Map<string, Point[]>();
    for (const { name, database } of this.#members.flatMap(({ streams }) => streams)) {
      const points = databases.get(database) ?? [];
      databases.set(database, points);
      for (const point of pointsOf(numberedLines(name, 0, this.#points))) points.push(point);
    }
    return databases;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#members.map(({ agent }) => agent.remove()));
  }
}

function makeMember(program: string, url: string, token: string, i: number): Member {
  const routed = i % 5 === 4;
  const output = routed ? (['influxdb_v2', 'influxdb', 'influxdb_v2', 'influxdb_v3'] as const)[(i - 4) / 5 % 4]! : OUTPUTS[i % 4]!;
  const streams = routed
    ? Array.from({ length: TARGETS_OF_A_TAG }, (_, target) => ({ name: `a${i}_${target}`, database: `a${i}_${target}` }))
    : [{ name: `a${i}`, database: `faults_${output}` }];
  const more: Section[1] = routed && output !== 'http' ? { [TARGET_TAG[output]]: 'agent' } : {};
  const encoding = Math.floor(i / 4) % 2 === 0 ? 'gzip' : 'identity';
  const section = outputSection(output, { url, token, database: `faults_${output}`, encoding, more });
  return { agent: new Agent(program, { input: 'tail', outputs: [section], batchPoints: BATCH_POINTS }), streams };
}
