// Numbers of inflate that both sides of the WASM border know; compiled by AssemblyScript and by TypeScript, like codes.ts.

// What `inflate` returns.
/** A whole deflate stream was unpacked. */
export const INFLATE_ENDED = 0;
/** What stands there is not deflate. */
export const INFLATE_CORRUPT = 1;
/** The packed bytes end before the stream does. */
export const INFLATE_TRUNCATED = 2;
/** It unpacks to more than it may. */
export const INFLATE_TOO_LARGE = 3;
