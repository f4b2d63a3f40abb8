/** What endpoints other than writes are made of: what one gets of its request, JSON in and JSON out. */
import type { Principal } from '../../auth/principal.js';
import { SluiceError } from '../../errors.js';
import { decode, type GenericSchema, type InferOutput } from '../../json.js';
import type { Answer, AnswerHead } from '../listener/listener.js';
import type { QueryParameters } from '../front/query-string.js';

/** A request that may ask what it asks as a whole, with its body received. */
export interface EndpointRequest {
  readonly query: QueryParameters;
  /** Value of a header by its lower-case name, '' when absent. */
  readonly header: (name: string) => string;
  /** '' when there is none. */
  readonly body: string;
  /** What stands for the `*` of its path, as sent; the last part of the path for one without. */
  readonly part: string;
  readonly principal: Principal;
  /** Is aborted when the client goes away before it has the answer. */
  readonly gone: AbortSignal;
}

/** An answer whose body comes piece by piece; what its pieces throw breaks it off. */
export interface StreamedAnswer extends AnswerHead {
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Makes the answer. @throws SluiceError, which is told in the dialect of the path */
export type Endpoint = (request: EndpointRequest) => Promise<Answer | StreamedAnswer> | Answer;

/** An answer that says `value`. */
export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, headers: [['Content-Type', 'application/json']], body: JSON.stringify(value) };
}

/** A body that is JSON, as a schema has it. @throws SluiceError bad-request with a sentence that says where it is wrong */
export function readJson<S extends GenericSchema>(schema: S, body: string): InferOutput<S> {
  const object = jsonObject(body);
  try {
    return decode(schema, object);
  } catch (error) {
    throw new SluiceError('bad-request', (error as Error).message);
  }
}

/** The JSON object of a body. @throws SluiceError bad-request */
export function jsonObject(body: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new SluiceError('bad-request', `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SluiceError('bad-request', 'the body is not a JSON object');
  }
  return value as Record<string, unknown>;
}

/** A text in a JSON object, '' when absent. @throws SluiceError bad-request for another type */
export function textOf(object: Readonly<Record<string, unknown>>, key: string): string {
  const value = object[key] ?? '';
  if (typeof value !== 'string') throw new SluiceError('bad-request', `${JSON.stringify(key)} is not a text`);
  return value;
}

/** Whether someone may know of a database: who writes to it may, too. */
export function maySee(principal: Principal, database: string): boolean {
  return principal.may('read', database) || principal.may('write', database);
}
