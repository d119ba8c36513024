/**
 * Reads Go gobs (https://pkg.go.dev/encoding/gob) that contain a value of a registered type. A gob
 * describes the types of its values, so it can be read without the Go program. The time and memory
 * that it takes are bounded. Go does not store fields with a zero value, so they are missing from
 * the result.
 */

import { setProperty } from "../decoding.ts";
import { asNumber } from "../safe_integer.ts";

/** A value with the registered name of its type, such as `*main.OrderError`. */
export interface GobValue {
  typeName: string;
  value: unknown;
}

/** The definition of a type: the fields of the struct that Go stores it as. */
interface TypeDefinition {
  ArrayT?: { Elem?: number };
  SliceT?: { Elem?: number };
  StructT?: { Field?: { Name?: string; Id?: number }[] };
  MapT?: { Key?: number; Elem?: number };
  GobEncoderT?: MarshalledType;
  BinaryMarshalerT?: MarshalledType;
  TextMarshalerT?: MarshalledType;
}

interface MarshalledType {
  CommonType?: { Name?: string };
}

// Far above anything that workers write.
const maxItems = 1_000_000;
const maxDepth = 500;
const maxNameLength = 1_000;

const int = 2;
const string = 6;
const anyInterface = 8;
const typeDefinition = 16;
const firstDefinedType = 64;

function struct(...fields: [name: string, id: number][]): TypeDefinition {
  return { StructT: { Field: fields.map(([Name, Id]) => ({ Name, Id })) } };
}

/** The types that type definitions are stored as. */
const knownTypes = new Map<number, TypeDefinition>([
  [
    typeDefinition,
    struct(
      ["ArrayT", 17],
      ["SliceT", 19],
      ["StructT", 20],
      ["MapT", 23],
      ["GobEncoderT", 24],
      ["BinaryMarshalerT", 24],
      ["TextMarshalerT", 24],
    ),
  ],
  [17, struct(["CommonType", 18], ["Elem", int], ["Len", int])],
  [18, struct(["Name", string], ["Id", int])],
  [19, struct(["CommonType", 18], ["Elem", int])],
  [20, struct(["CommonType", 18], ["Field", 22])],
  [21, struct(["Name", string], ["Id", int])],
  [22, { SliceT: { Elem: 21 } }],
  [23, struct(["CommonType", 18], ["Key", int], ["Elem", int])],
  [24, struct(["CommonType", 18])],
]);

// Invalid UTF-8 is replaced, as in Go's JSON.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const secondsFromYear1To1970 = 62_135_596_800n;

/**
 * Reads a time: a version, the seconds since the year 1, nanoseconds and the offset from UTC.
 * Returns undefined if it is not a valid time.
 */
function readTime(bytes: Uint8Array): Date | undefined {
  if (!(bytes[0] === 1 && bytes.length === 15) && !(bytes[0] === 2 && bytes.length === 16)) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const seconds = Number(view.getBigInt64(1) - secondsFromYear1To1970);
  const date = new Date(seconds * 1000 + Math.floor(view.getInt32(9) / 1e6));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

class GobReader {
  #position = 0;
  /** The end of the current message. */
  #end = 0;
  #items = 0;
  #types = new Map(knownTypes);

  constructor(readonly bytes: Uint8Array) {}

  read(): GobValue {
    const id = this.#typeOfNext(false);
    if (id !== anyInterface) throw new TypeError("expected a value of a registered type");
    this.#skipZero();
    const value = this.#interface(0);
    if (!value) throw new TypeError("missing value");
    if (this.#position < this.bytes.length) throw new RangeError("unexpected data after the end");
    return value;
  }

  #take(length: number): Uint8Array {
    if (length > this.#end - this.#position) throw new RangeError("unexpected end of data");
    this.#position += length;
    return this.bytes.subarray(this.#position - length, this.#position);
  }

  // A single byte, or the negated number of bytes followed by the bytes.
  #uint(): bigint {
    const first = this.#take(1)[0]!;
    if (first < 128) return BigInt(first);
    const length = 256 - first;
    if (length > 8) throw new RangeError("integer has more than 64 bits");
    return this.#take(length).reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  }

  #int(): bigint {
    const bits = this.#uint();
    return bits & 1n ? ~(bits >> 1n) : bits >> 1n;
  }

  #length(): number {
    return Number(this.#uint());
  }

  // The bytes are stored as an integer in reverse order, since most floats end with zeros.
  #float(): number {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, this.#uint());
    return view.getFloat64(0, true);
  }

  #text(): string {
    return utf8.decode(this.#take(this.#length()));
  }

  #name(): string {
    const length = this.#length();
    if (length > maxNameLength) throw new RangeError("name is too long");
    return utf8.decode(this.#take(length));
  }

  /** Reads the type definitions before a value, and returns the type of the value. */
  #typeOfNext(isInterface: boolean): number {
    for (;;) {
      if (this.#position === this.#end) this.#openMessage();
      const id = Number(this.#int());
      if (id >= 0) return id;
      this.#defineType(-id);
      if (this.#position < this.#end) {
        if (!isInterface) throw new TypeError("unexpected data after a type definition");
        this.#uint(); // Inside a message, the length of the rest follows.
      }
    }
  }

  #openMessage(): void {
    this.#end = this.bytes.length;
    const length = this.#length();
    if (length > this.#end - this.#position) throw new RangeError("unexpected end of data");
    this.#end = this.#position + length;
  }

  #defineType(id: number): void {
    if (id < firstDefinedType || this.#types.has(id)) {
      throw new TypeError(`invalid or duplicate type ID ${id}`);
    }
    const type = this.#value(typeDefinition, 0) as TypeDefinition;
    for (const { Name } of type.StructT?.Field ?? []) {
      if ((Name ?? "").length > maxNameLength) throw new RangeError("name is too long");
    }
    this.#types.set(id, type);
  }

  // A zero precedes a value that is not a struct.
  #skipZero(): void {
    if (this.#uint() !== 0n) throw new TypeError("field outside of a struct");
  }

  #interface(depth: number): GobValue | null {
    const typeName = this.#name();
    if (typeName === "") return null;
    const id = this.#typeOfNext(true);
    this.#uint(); // The length of the value, but only up to the first type definition inside it.
    if (!this.#types.get(id)?.StructT) this.#skipZero();
    return { typeName, value: this.#value(id, depth + 1) };
  }

  #value(id: number, depth: number): unknown {
    if (++this.#items > maxItems) throw new RangeError(`more than ${maxItems} items`);
    if (depth > maxDepth) throw new RangeError(`nested deeper than ${maxDepth} levels`);
    switch (id) {
      case 1:
        return this.#uint() !== 0n;
      case int:
        return asNumber(this.#int());
      case 3:
        return asNumber(this.#uint());
      case 4:
        return this.#float();
      case 5:
        return this.#take(this.#length()).slice();
      case string:
        return this.#text();
      case 7:
        return { real: this.#float(), imaginary: this.#float() };
      case anyInterface:
        return this.#interface(depth)?.value ?? null;
    }
    return this.#definedValue(id, depth + 1);
  }

  #definedValue(id: number, depth: number): unknown {
    const type = this.#types.get(id);
    if (type?.StructT) return this.#struct(type.StructT.Field ?? [], depth);
    if (type?.MapT) return this.#map(type.MapT.Key ?? 0, type.MapT.Elem ?? 0, depth);
    const list = type?.SliceT ?? type?.ArrayT;
    if (list) return this.#elements(list.Elem ?? 0, depth);
    if (type?.TextMarshalerT) return this.#text();
    const marshalled = type?.GobEncoderT ?? type?.BinaryMarshalerT;
    if (!marshalled) throw new TypeError(`unknown type ID ${id}`);
    const bytes = this.#take(this.#length()).slice();
    return (marshalled.CommonType?.Name === "Time" && readTime(bytes)) || bytes;
  }

  // Each field is preceded by its distance from the previous one. A zero ends the struct.
  #struct(fields: { Name?: string; Id?: number }[], depth: number): object {
    const object = {};
    for (let index = -1;;) {
      const distance = this.#length();
      if (distance === 0) return object;
      index += distance;
      const field = fields[index];
      if (!field) throw new RangeError("unknown struct field");
      setProperty(object, field.Name ?? "", this.#value(field.Id ?? 0, depth));
    }
  }

  // Every element takes at least one byte, so a length beyond the data fails at its end.
  #elements(type: number, depth: number): unknown[] {
    const length = this.#length();
    const elements: unknown[] = [];
    for (let i = 0; i < length; i++) elements.push(this.#value(type, depth));
    return elements;
  }

  #map(keyType: number, valueType: number, depth: number): object {
    const length = this.#length();
    const target = keyType === string ? {} : new Map<unknown, unknown>();
    for (let i = 0; i < length; i++) {
      const key = this.#value(keyType, depth);
      const value = this.#value(valueType, depth);
      if (target instanceof Map) target.set(key, value);
      else setProperty(target, key as string, value);
    }
    return target;
  }
}

/** Whether bytes start like a gob that contains a value of a registered type. */
export function isGob(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  const start = first < 128 ? 1 : 1 + 256 - first;
  // The type is stored as twice its ID, since the lowest bit is the sign. A zero follows.
  return bytes[start] === 2 * anyInterface && bytes[start + 1] === 0 && bytes.length > start + 2;
}

/** Reads a gob. */
export function readGob(bytes: Uint8Array): GobValue {
  return new GobReader(bytes).read();
}
