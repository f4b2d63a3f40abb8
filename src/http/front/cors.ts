/** Pages of other origins may use every path: what lets a request in is its token, which no browser sends by itself. */
import type { Answer } from '../listener/listener.js';

/** A header of every answer. */
export const ALLOW_ORIGIN = ['Access-Control-Allow-Origin', '*'] as const;

/** The answer to OPTIONS, on any path. The wildcard does not stand for Authorization (Fetch standard, "CORS-preflight fetch"). */
export const PREFLIGHT: Answer = {
  status: 204,
  headers: [
    ['Access-Control-Allow-Methods', '*'],
    ['Access-Control-Allow-Headers', '*, Authorization'],
    ['Access-Control-Max-Age', '86400'],
  ],
  body: '',
};
