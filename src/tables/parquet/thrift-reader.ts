/**
 * Reader of Thrift's compact protocol, as far as Parquet uses it: a struct becomes a map from field ids to values. The bytes may
 * be anybody's: whatever they say is held against where they end.
 */

/** Types of fields and list elements by their numbers in the protocol. */
const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

/** Structs and lists within one another, at most; Parquet's own nest five deep. */
const DEPTH_MAX = 16;
/** Bytes of the longest number. */
const NUMBER_BYTES_MAX = 10;
const DOUBLE_BYTES = 8;
/** In a list's head: the count stands behind it. */
const LONG_LIST = 15;

type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct;
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

export class ThriftReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** @param at where the first struct begins */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the last struct ended. */
  get at(): number {
    return this.#at;
  }

  /** @throws Error for bytes that are no struct, or hold a number beyond 2^53 */
  struct(depth = 0): ThriftStruct {
    if (depth > DEPTH_MAX) throw new Error(`there are over ${DEPTH_MAX} structs within one another`);
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ;) {
      const head = this.#byte();
      const type = head & 0x0f;
      if (type === STOP) return fields;
      id = head >> 4 === 0 ? this.#signed() : id + (head >> 4);
      fields.set(id, type === TRUE ? true : type === FALSE ? false : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
      case FALSE:
        return this.#byte() === TRUE;
      case BYTE:
        return (this.#byte() << 24) >> 24;
      case I16:
      case I32:
      case I64:
        return this.#signed();
      case DOUBLE:
        return new DataView(new Uint8Array(this.#taken(DOUBLE_BYTES)).buffer).getFloat64(0, true);
      case BINARY:
        return this.#taken(this.#unsigned());
      case LIST:
      case SET:
        return this.#list(depth);
      case STRUCT:
        return this.struct(depth + 1);
      default:
        throw new Error(`there is no type ${type}`);
    }
  }

  #list(depth: number): readonly ThriftValue[] {
    if (depth >= DEPTH_MAX) throw new Error(`there are over ${DEPTH_MAX} lists within one another`);
    const head = this.#byte();
    const count = head >> 4 === LONG_LIST ? this.#unsigned() : head >> 4;
    // Each element takes a byte at least.
    if (count > this.#bytes.length - this.#at) throw new Error(`a list of ${count} ends too early`);
    return Array.from({ length: count }, () => this.#value(head & 0x0f, depth + 1));
  }

  #taken(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw new Error(`${count} bytes end too early`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Zigzag. */
  #signed(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < NUMBER_BYTES_MAX; i += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) {
        scale *= 0x80;
        continue;
      }
      if (!Number.isSafeInteger(value)) break;
      return value;
    }
    throw new Error('a number is too large');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error('it ends too early');
    this.#at += 1;
    return byte;
  }
}

/** Field of a struct that is a number. @param absent what it is when it is not there @throws Error when it is none */
export function numberOf(struct: ThriftStruct, id: number, absent?: number): number {
  const value = struct.get(id) ?? absent;
  if (typeof value !== 'number') throw new Error(`field ${id} is no number`);
  return value;
}

/** The same of text. */
export function textOf(struct: ThriftStruct, id: number): string {
  const value = struct.get(id);
  if (!(value instanceof Uint8Array)) throw new Error(`field ${id} is no text`);
  return Buffer.from(value).toString();
}

/** The same of a struct. */
export function structOf(struct: ThriftStruct, id: number): ThriftStruct {
  const value = struct.get(id);
  if (!(value instanceof Map)) throw new Error(`field ${id} is no struct`);
  return value as ThriftStruct;
}

/** The same of a list. */
export function listOf(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = struct.get(id);
  if (!Array.isArray(value)) throw new Error(`field ${id} is no list`);
  return value as readonly ThriftValue[];
}

/** The same of a list of structs. */
export function structsOf(struct: ThriftStruct, id: number): readonly ThriftStruct[] {
  return listOf(struct, id).map((value) => {
    if (!(value instanceof Map)) throw new Error(`field ${id} is no list of structs`);
    return value as ThriftStruct;
  });
}
