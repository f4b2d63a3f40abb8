/** How a body is packed on the wire; the numbers stand in log frames. */
export const ENCODING_IDENTITY = 0;
export const ENCODING_GZIP = 1;
export type Encoding = typeof ENCODING_IDENTITY | typeof ENCODING_GZIP;
