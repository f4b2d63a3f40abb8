/** Thrift's compact protocol, read as far as page headers and footers of Parquet need it. */

/** A struct by field number: whole numbers, bytes, booleans, lists and structs. */
export type Struct = ReadonlyMap<number, ThriftValue>;
type ThriftValue = number | bigint | boolean | Uint8Array | Struct | readonly ThriftValue[];

const DEPTH_MAX = 32;

export class ThriftReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Behind what was read. */
  get at(): number {
    return this.#at;
  }

  /** @throws Error when the bytes are no struct */
  struct(depth = 0): Struct {
    if (depth > DEPTH_MAX) throw new Error('structs stand in one another without an end');
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return fields;
      const delta = head >> 4;
      id = delta === 0 ? Number(this.#zigzag()) : id + delta;
      const type = head & 15;
      fields.set(id, type === 1 || type === 2 ? type === 1 : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1: case 2: return this.#byte() === 1;
      case 3: return this.#byte() << 24 >> 24;
      case 4: case 5: return Number(this.#zigzag());
      case 6: return this.#zigzag();
      case 7: return new DataView(this.#take(8).slice().buffer).getFloat64(0, true);
      case 8: return this.#take(Number(this.#varint()));
      case 9: case 10: return this.#list(depth);
      case 12: return this.struct(depth + 1);
      default: throw new Error(`there is no type ${type}`);
    }
  }

  #list(depth: number): ThriftValue[] {
    const head = this.#byte();
    const count = head >> 4 === 15 ? Number(this.#varint()) : head >> 4;
    if (count > this.#bytes.length - this.#at) throw new Error('a list is longer than all there is');
    return Array.from({ length: count }, () => this.#value(head & 15, depth + 1));
  }

  #zigzag(): bigint {
    const raw = this.#varint();
    return (raw >> 1n) ^ -(raw & 1n);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number has no end');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error('the bytes end too early');
    this.#at += 1;
    return byte;
  }

  #take(count: number): Uint8Array {
    if (!(count <= this.#bytes.length - this.#at)) throw new Error('the bytes end too early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
