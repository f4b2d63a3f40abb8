/** Work that is done so many at a time, the rest in the order in which it was asked for. The only importer of p-limit. */
export { default as atMost } from 'p-limit';
