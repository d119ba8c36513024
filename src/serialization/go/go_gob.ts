/**
 * Reads the gobs of Go (https://pkg.go.dev/encoding/gob) that hold a value of a registered type. A
 * gob describes all types of what it holds, so that nothing of Go's is needed; what it takes to
 * read one is bounded. A field that is zero is not stored, and is not there.
 */

import { setProperty } from "../decoding.ts";
import { asNumber } from "../safe_integer.ts";

/** A value with the name that its type was registered by, such as `*main.OrderError`. */
export interface GobValue {
  typeName: string;
  value: unknown;
}

/** What the fields of a struct are, of the struct that a gob defines a type with. */
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

// Workers write nothing near these limits.
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

/** The types that definitions of types are made of. */
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

// As in Go's own JSON, what is no UTF-8 is replaced.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const secondsFromYear1To1970 = 62_135_596_800n;

/** Of a version, seconds since the year 1, nanoseconds and an offset from UTC. */
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
  /** Where the current message ends. */
  #end = 0;
  #items = 0;
  #types = new Map(knownTypes);

  constructor(readonly bytes: Uint8Array) {}

  read(): GobValue {
    const id = this.#typeOfNext(false);
    if (id !== anyInterface) throw new TypeError("it is not of a registered type");
    this.#skipMark();
    const value = this.#interface(0);
    if (!value) throw new TypeError("it has no value");
    if (this.#position < this.bytes.length) throw new RangeError("it goes on after its end");
    return value;
  }

  #take(length: number): Uint8Array {
    if (length > this.#end - this.#position) throw new RangeError("it ends too early");
    this.#position += length;
    return this.bytes.subarray(this.#position - length, this.#position);
  }

  // One byte, or the number of bytes, negated, and these.
  #uint(): bigint {
    const first = this.#take(1)[0]!;
    if (first < 128) return BigInt(first);
    const length = 256 - first;
    if (length > 8) throw new RangeError("it has an integer of more than 64 bits");
    return this.#take(length).reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  }

  #int(): bigint {
    const bits = this.#uint();
    return bits & 1n ? ~(bits >> 1n) : bits >> 1n;
  }

  #length(): number {
    return Number(this.#uint());
  }

  // An integer of the same bytes, reversed, since most floats end with zeros.
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
    if (length > maxNameLength) throw new RangeError("it has too long a name");
    return utf8.decode(this.#take(length));
  }

  /** Reads the definitions of types that come before a value, and the type of the value. */
  #typeOfNext(isInterface: boolean): number {
    for (;;) {
      if (this.#position === this.#end) this.#openMessage();
      const id = Number(this.#int());
      if (id >= 0) return id;
      this.#defineType(-id);
      if (this.#position < this.#end) {
        if (!isInterface) throw new TypeError("it has more than a type in a message");
        this.#uint(); // The length of what follows, if it is within a message.
      }
    }
  }

  #openMessage(): void {
    this.#end = this.bytes.length;
    const length = this.#length();
    if (length > this.#end - this.#position) throw new RangeError("it ends too early");
    this.#end = this.#position + length;
  }

  #defineType(id: number): void {
    if (id < firstDefinedType || this.#types.has(id)) throw new TypeError("it redefines a type");
    const type = this.#value(typeDefinition, 0) as TypeDefinition;
    for (const { Name } of type.StructT?.Field ?? []) {
      if ((Name ?? "").length > maxNameLength) throw new RangeError("it has too long a name");
    }
    this.#types.set(id, type);
  }

  // What is no struct comes as if it were a field of one, the next after none.
  #skipMark(): void {
    if (this.#uint() !== 0n) throw new TypeError("it has a field outside of a struct");
  }

  #interface(depth: number): GobValue | null {
    const typeName = this.#name();
    if (typeName === "") return null;
    const id = this.#typeOfNext(true);
    this.#uint(); // The length of the value, but only up to a type that is defined within it.
    if (!this.#types.get(id)?.StructT) this.#skipMark();
    return { typeName, value: this.#value(id, depth + 1) };
  }

  #value(id: number, depth: number): unknown {
    if (++this.#items > maxItems) throw new RangeError(`it has more than ${maxItems} items`);
    if (depth > maxDepth) throw new RangeError(`it is nested deeper than ${maxDepth} levels`);
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
    if (!marshalled) throw new TypeError(`its type ${id} is not known`);
    const bytes = this.#take(this.#length()).slice();
    return (marshalled.CommonType?.Name === "Time" && readTime(bytes)) || bytes;
  }

  // Each field comes after the distance from the one before; the last is followed by zero.
  #struct(fields: { Name?: string; Id?: number }[], depth: number): object {
    const object = {};
    for (let index = -1;;) {
      const distance = this.#length();
      if (distance === 0) return object;
      index += distance;
      const field = fields[index];
      if (!field) throw new RangeError("it has a field that its type has not");
      setProperty(object, field.Name ?? "", this.#value(field.Id ?? 0, depth));
    }
  }

  // An element takes a byte at least, so that a length above what is there ends too early.
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

/** Whether bytes begin as a gob does that holds a value of a registered type. */
export function isGob(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  const start = first < 128 ? 1 : 1 + 256 - first;
  // The type is twice its number, since its sign is the lowest bit; then comes the mark.
  return bytes[start] === 2 * anyInterface && bytes[start + 1] === 0 && bytes.length > start + 2;
}

/** The value of a gob. */
export function readGob(bytes: Uint8Array): GobValue {
  return new GobReader(bytes).read();
}
