/** The vectors of test/data/line-protocol.jsonl: inputs with the results that the parser must give. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.js';

export interface VectorPoint {
  readonly line: number;
  readonly measurement: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** The value as its type's text: 16 hex digits for f64, else decimal, true/false or the string. */
  readonly fields: readonly (readonly [key: string, type: string, value: string])[];
  /** As written; null when the line has none. */
  readonly timestamp: string | null;
}

export interface Vector {
  readonly id: string;
  readonly body: Buffer;
  /** Long inputs state only how many points they have. */
  readonly points: readonly VectorPoint[] | number;
  readonly errors: readonly { readonly line: number; readonly code: string }[];
}

type StoredVector = Omit<Vector, 'body'> & {
  readonly input?: string;
  readonly input_hex?: string;
  readonly input_parts?: readonly (readonly [text: string, repeat: number])[];
};

/** Reads and decodes all of them. */
export function readVectors(): Vector[] {
  const text = readFileSync(join(root, 'test/data/line-protocol.jsonl'), 'utf8');
  return text.trimEnd().split('\n').map((line) => {
    const { id, points, errors, ...stored } = JSON.parse(line) as StoredVector;
    return { id, body: inputOf(stored), points, errors };
  });
}

function inputOf(stored: Pick<StoredVector, 'input' | 'input_hex' | 'input_parts'>): Buffer {
  if (stored.input_hex !== undefined) return Buffer.from(stored.input_hex, 'hex');
  if (stored.input_parts !== undefined) return Buffer.from(stored.input_parts.map(([text, repeat]) => text.repeat(repeat)).join(''));
  return Buffer.from(stored.input ?? '');
}
