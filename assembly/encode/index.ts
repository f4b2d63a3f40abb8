// What the module exports of the encoder.
export { sealChunk, sealEnd, sealGroup, sealRows, sealSort, sealSpans, sealStart } from './seal';
