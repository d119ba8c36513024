/** What the operations of a pickle work on, within bounds: a stack, a memory and its bytes. */

import { toBinary } from "../binary.ts";
import { asNumber } from "../safe_integer.ts";

/** A class or function by its name, such as `datetime.datetime`. */
export class PyGlobal {
  constructor(readonly name: string) {}
}

/** What calling `type` with `args` gave, with what was added to it afterwards. */
export class PyObject {
  args?: unknown[];
  kwargs?: unknown;
  state?: unknown;
  /** What was appended: the elements of a list, tuple or set. */
  items?: unknown[];
  /** What was set: keys, each followed by its value. */
  entries?: unknown[];

  constructor(readonly type: string) {}
}

// Workers write nothing near these limits.
/** How many items a pickle may have, as it is and unfolded. */
export const maxItems = 1_000_000;
const maxIntBytes = 1_000;
const maxIntDigits = 4_300;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const hexOfBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function parseInteger(digits: string): number | bigint {
  if (!/^[+-]?\d+$/.test(digits)) throw new SyntaxError("it has an integer that is none");
  if (digits.length > maxIntDigits) throw new RangeError("it has an integer of too many digits");
  return asNumber(BigInt(digits.replace("+", "")));
}

/** The stack and memory of an unpickler, and where it is in its bytes. */
export class Machine {
  stack: unknown[] = [];
  result: unknown;
  isStopped = false;
  #position = 0;
  #items = 0;
  #view: DataView;
  /** The stacks below the marks. */
  #outer: unknown[][] = [];
  #memo = new Map<number, unknown>();

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.bytes.length - start) throw new RangeError("it ends too early");
    this.#position += length;
    return start;
  }

  count(): void {
    if (++this.#items > maxItems) throw new RangeError(`it has more than ${maxItems} items`);
  }

  push(value: unknown): void {
    this.count();
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw new RangeError("it takes what is not there");
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) throw new RangeError("it takes what is not there");
    return this.stack.at(-1);
  }

  popObject(): PyObject {
    const value = this.pop();
    if (!(value instanceof PyObject)) throw new TypeError("it adds to what is no object");
    return value;
  }

  mark(): void {
    this.count();
    this.#outer.push(this.stack);
    this.stack = [];
  }

  /** What was pushed since the last mark. */
  popMark(): unknown[] {
    const items = this.stack;
    const outer = this.#outer.pop();
    if (!outer) throw new RangeError("it returns to a mark that is not there");
    this.stack = outer;
    return items;
  }

  popOrUnmark(): void {
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
    if (!this.#memo.has(index)) throw new RangeError("it recalls what it has not memorized");
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

  // Python encodes a lone surrogate, as of a file's name that is no UTF-8, like any code point.
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
    if (text.length !== length) throw new TypeError("it has text of Python 2 that is not ASCII");
    return text;
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.#position);
    if (end < 0) throw new RangeError("it ends too early");
    const text = toBinary(this.bytes.subarray(this.#position, end));
    this.#position = end + 1;
    return text;
  }

  integer(length: number): number | bigint {
    const bytes = this.take(length);
    if (length > maxIntBytes) throw new RangeError("it has an integer of too many digits");
    if (length === 0) return 0;
    let hex = "";
    for (let i = length - 1; i >= 0; i--) hex += hexOfBytes[bytes[i]!];
    return asNumber(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
  }

  /** Protocol 4 puts what follows into frames, which say only how much to read at once. */
  frame(): void {
    const length = this.length64();
    if (length > this.bytes.length - this.#position) throw new RangeError("it ends too early");
  }
}
