/** Requests as a real Telegraf 1.39.3 sent them (test/data/telegraf), raw bytes and what is known about them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { root } from '../../root.js';

export const TELEGRAF_DATA = join(root, 'test/data/telegraf');

/** One request, in the words of the recorder. */
export interface Recording {
  readonly scenario: string;
  readonly seq: number;
  readonly method: string;
  readonly path: string;
  readonly body_bytes: number;
  /** `q=…`, the body of a /query request. */
  readonly form?: string;
  readonly raw_b64?: string;
  readonly raw_file?: string;
  /** Lines of the body without their ends; a string field may hold line breaks. Absent for long bodies. */
  readonly lines?: readonly string[];
  readonly points?: number;
  readonly expected_set?: string;
  readonly expected_points?: readonly number[];
  readonly expected_tags_removed?: readonly string[];
  readonly expected_time?: 'none sent';
  readonly expected_rule?: 'big';
  readonly expected_seq_from?: number;
  readonly expected_seq_to?: number;
  readonly expected_unsigned?: boolean;
}

function readLines(name: string): Recording[] {
  return readFileSync(join(TELEGRAF_DATA, 'requests', name), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Recording);
}

/** The bytes on the wire; null for the requests of which only lengths and hashes were kept. */
export function rawBytes(recording: Recording): Buffer | null {
  if (recording.raw_b64 !== undefined) return Buffer.from(recording.raw_b64, 'base64');
  if (recording.raw_file === undefined) return null;
  const stored = readFileSync(join(TELEGRAF_DATA, 'requests', recording.raw_file));
  return recording.raw_file.endsWith('.gz') ? gunzipSync(stored) : stored;
}

/** All requests with bytes, those of one run together and in the order in which they came. */
export function scenarios(): ReadonlyMap<string, readonly Recording[]> {
  const all = [...readLines('requests.jsonl'), ...readLines('large.jsonl')].filter(({ raw_b64, raw_file }) => raw_b64 ?? raw_file);
  const runs = new Map<string, Recording[]>();
  for (const recording of all) {
    const run = runs.get(recording.scenario) ?? [];
    runs.set(recording.scenario, run);
    run.push(recording);
  }
  return runs;
}

/** A write, to whatever path; not a CREATE DATABASE, nor what follows a redirect. */
export function isWrite(recording: Recording): boolean {
  return recording.form === undefined && recording.method !== 'GET';
}
