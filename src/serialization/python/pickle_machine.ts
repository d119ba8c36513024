/** What the operations of a pickle work on: a stack, a memo and the bytes. All are bounded. */

import { toBinary } from "../binary.ts";
import { asNumber } from "../safe_integer.ts";

/** The name of a class or function, such as `datetime.datetime`. */
export class PyGlobal {
  constructor(readonly name: string) {}
}

/** The result of a call of `type` with `args`, and what was added to it afterwards. */
export class PyObject {
  args?: unknown[];
  kwargs?: unknown;
  state?: unknown;
  /** The elements of a list, tuple or set, and other appended items. */
  items?: unknown[];
  /** Items that were set: keys, each followed by its value. */
  entries?: unknown[];

  constructor(readonly type: string) {}
}

// The limits are far above anything that workers write.
/** The maximum number of items, both in the pickle and in its expanded value. */
export const maxItems = 1_000_000;
const maxIntBytes = 1_000;
const maxIntDigits = 4_300;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const hexOfBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Parses a decimal integer. */
export function parseInteger(digits: string): number | bigint {
  if (!/^[+-]?\d+$/.test(digits)) throw new SyntaxError("invalid integer");
  if (digits.length > maxIntDigits) throw new RangeError("integer has too many digits");
  return asNumber(BigInt(digits.replace("+", "")));
}

/** The stack and memo of an unpickler, and its position in the bytes. */
export class Machine {
  stack: unknown[] = [];
  result: unknown;
  isStopped = false;
  #position = 0;
  #items = 0;
  #view: DataView;
  /** The stacks below the current one, one for each mark. */
  #outer: unknown[][] = [];
  #memo = new Map<number, unknown>();

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.bytes.length - start) throw new RangeError("unexpected end of data");
    this.#position += length;
    return start;
  }

  count(items = 1): void {
    this.#items += items;
    if (this.#items > maxItems) throw new RangeError(`more than ${maxItems} items`);
  }

  push(value: unknown): void {
    this.count();
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw new RangeError("stack underflow");
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) throw new RangeError("stack underflow");
    return this.stack.at(-1);
  }

  mark(): void {
    this.count();
    this.#outer.push(this.stack);
    this.stack = [];
  }

  /** Removes the last mark, and returns the items that were pushed since. */
  popMark(): unknown[] {
    const items = this.stack;
    const outer = this.#outer.pop();
    if (!outer) throw new RangeError("missing mark");
    this.stack = outer;
    return items;
  }

  popItemOrMark(): void {
    if (this.stack.length > 0) this.stack.pop();
    else this.popMark();
  }

  put(index: number): void {
    this.count();
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    if (!this.#memo.has(index)) throw new RangeError("unknown memo index");
    this.push(this.#memo.get(index));
  }

  uint8(): number {
    return this.bytes[this.#advance(1)]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  length64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.bytes.slice(start, start + length);
  }

  text(length: number): string {
    const start = this.#advance(length);
    return this.#decode(this.bytes.subarray(start, start + length));
  }

  // Python encodes a lone surrogate like any code point. It uses them in file names, for example,
  // that are not valid UTF-8.
  #decode(bytes: Uint8Array): string {
    let text = "";
    let start = 0;
    for (let lead = bytes.indexOf(0xed); lead >= 0; lead = bytes.indexOf(0xed, lead + 1)) {
      const second = bytes[lead + 1] ?? 0;
      const third = bytes[lead + 2] ?? 0;
      if (second < 0xa0 || second > 0xbf || third >> 6 !== 2) continue;
      this.count();
      text += utf8.decode(bytes.subarray(start, lead)) +
        String.fromCharCode(0xd000 | (second & 63) << 6 | third & 63);
      start = lead + 3;
    }
    return text + utf8.decode(bytes.subarray(start));
  }

  ascii(length: number): string {
    const text = this.text(length);
    if (text.length !== length) {
      throw new TypeError("unsupported Python 2 string that is not ASCII");
    }
    return text;
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.#position);
    if (end < 0) throw new RangeError("unexpected end of data");
    const text = toBinary(this.bytes.subarray(this.#position, end));
    this.#position = end + 1;
    return text;
  }

  integer(length: number): number | bigint {
    const bytes = this.take(length);
    if (length > maxIntBytes) throw new RangeError("integer has too many digits");
    if (length === 0) return 0;
    let hex = "";
    for (let i = length - 1; i >= 0; i--) hex += hexOfBytes[bytes[i]!];
    return asNumber(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
  }

  /** Protocol 4 divides a pickle into frames, which only tell how much to read at once. */
  frame(): void {
    const length = this.length64();
    if (length > this.bytes.length - this.#position) throw new RangeError("unexpected end of data");
  }
}
