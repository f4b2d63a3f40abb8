/**
 * Writer of Thrift's compact protocol, as far as a Parquet footer needs it.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

/** Types of fields and list elements by their numbers in the protocol. */
const THRIFT_I32 = 5;
const THRIFT_BINARY = 8;
const THRIFT_STRUCT = 12;
const THRIFT_TRUE = 1;
const THRIFT_FALSE = 2;
const THRIFT_I16 = 4;
const THRIFT_I64 = 6;
const THRIFT_LIST = 9;

/** Few enough that Node.js cuts it from a larger block. */
const BUFFER_BYTES_MIN = 1024;
/** Bytes of the longest number. */
const NUMBER_BYTES_MAX = 10;

/** Fields of a struct are written in the order of their ids; `struct` and `list` nest by callback. */
export class ThriftWriter {
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES_MIN);
  #at = 0;
  /** Id of the last field of the innermost open struct. */
  #lastId = 0;

  /** The bytes written so far; good until the next call. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? THRIFT_TRUE : THRIFT_FALSE);
  }

  i16(id: number, value: number): void {
    this.#field(id, THRIFT_I16);
    this.#signed(value);
  }

  i32(id: number, value: number): void {
    this.#field(id, THRIFT_I32);
    this.#signed(value);
  }

  /** @param value an integer from 0 to 2^52 */
  i64(id: number, value: number): void {
    this.#field(id, THRIFT_I64);
    this.#signed(value);
  }

  binary(id: number, value: Uint8Array | string): void {
    this.#field(id, THRIFT_BINARY);
    this.#binary(value);
  }

  struct(id: number, writeFields: () => void): void {
    this.#field(id, THRIFT_STRUCT);
    this.fields(writeFields);
  }

  /** The fields of a struct that has no field header: the outermost, or an element of a list. */
  fields(writeFields: () => void): void {
    const outerId = this.#lastId;
    this.#lastId = 0;
    writeFields();
    this.#lastId = outerId;
    this.#byte(0);
  }

  structs<T>(id: number, items: readonly T[], writeFields: (item: T) => void): void {
    this.#list(id, THRIFT_STRUCT, items.length);
    for (const item of items) this.fields(() => writeFields(item));
  }

  /** A list of `count` structs that another writer wrote one after another. */
  writtenStructs(id: number, count: number, structs: Uint8Array): void {
    this.#list(id, THRIFT_STRUCT, count);
    this.#raw(structs);
  }

  i32s(id: number, items: readonly number[]): void {
    this.#list(id, THRIFT_I32, items.length);
    for (const item of items) this.#signed(item);
  }

  binaries(id: number, items: readonly string[]): void {
    this.#list(id, THRIFT_BINARY, items.length);
    for (const item of items) this.#binary(item);
  }

  #list(id: number, elementType: number, count: number): void {
    this.#field(id, THRIFT_LIST);
    if (count < 15) {
      this.#byte((count << 4) | elementType);
    } else {
      this.#byte(0xf0 | elementType);
      this.#unsigned(count);
    }
  }

  #field(id: number, type: number): void {
    const step = id - this.#lastId;
    if (step < 1 || step > 15) throw new RangeError(`thrift field ${id} cannot follow field ${this.#lastId}`);
    this.#lastId = id;
    this.#byte((step << 4) | type);
  }

  #binary(value: Uint8Array | string): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#unsigned(bytes.length);
    this.#raw(bytes);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Zigzag; by multiplication, since numbers go past 32 bits. */
  #signed(value: number): void {
    this.#unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  #unsigned(value: number): void {
    this.#reserve(NUMBER_BYTES_MAX);
    while (value >= 0x80) {
      this.#buffer[this.#at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#buffer[this.#at++] = value;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = value;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#at + bytes));
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
