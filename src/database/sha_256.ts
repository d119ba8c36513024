/** SHA-256 (FIPS 180-4). That of the web platform is asynchronous. */

const primes: number[] = [];
for (let number = 2; primes.length < 64; number++) {
  if (primes.every((prime) => number % prime !== 0)) primes.push(number);
}

/** The first 32 bits of what follows the point. */
function fractionOf(number: number): number {
  return (number % 1) * 2 ** 32 | 0;
}

const constants = primes.map((prime) => fractionOf(Math.cbrt(prime)));
const initialState = primes.slice(0, 8).map((prime) => fractionOf(Math.sqrt(prime)));

function rotate(word: number, bits: number): number {
  return word >>> bits | word << 32 - bits;
}

/** The bytes of a text, a bit, zeros and the number of bits, in blocks of 64 bytes. */
function pad(text: string): DataView {
  const bytes = new TextEncoder().encode(text);
  const blocks = Math.ceil((bytes.length + 9) / 64);
  const padded = new Uint8Array(64 * blocks);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, 8 * bytes.length);
  return view;
}

function expand(block: DataView, offset: number): Int32Array {
  const words = new Int32Array(64);
  for (let index = 0; index < 16; index++) words[index] = block.getInt32(offset + 4 * index);
  for (let index = 16; index < 64; index++) {
    const early = words[index - 15]!;
    const late = words[index - 2]!;
    words[index] = words[index - 16]! + words[index - 7]! +
      (rotate(early, 7) ^ rotate(early, 18) ^ early >>> 3) +
      (rotate(late, 17) ^ rotate(late, 19) ^ late >>> 10);
  }
  return words;
}

type State = [number, number, number, number, number, number, number, number];

function mix(state: State, words: Int32Array): State {
  let [a, b, c, d, e, f, g, h] = state;
  for (let round = 0; round < 64; round++) {
    const first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) +
      constants[round]! + words[round]!;
    const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c);
    [a, b, c, d, e, f, g, h] = [first + second | 0, a, b, c, d + first | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, h];
}

/** The hash of a text in UTF-8, as eight words of 32 bits. */
export function sha256(text: string): Uint32Array {
  const padded = pad(text);
  const state = Uint32Array.from(initialState);
  for (let offset = 0; offset < padded.byteLength; offset += 64) {
    const mixed = mix([...state] as State, expand(padded, offset));
    mixed.forEach((word, index) => state[index]! += word);
  }
  return state;
}
