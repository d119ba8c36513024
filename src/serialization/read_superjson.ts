/**
 * Reads `js_superjson`, the default format of TypeScript workers: superjson with the property
 * `__dbos_serializer`.
 *
 * A stored text may be hostile. npm:superjson follows the paths in it into prototypes, and takes
 * time and memory that its length does not bound. This reader walks over the JSON once, and makes
 * data only.
 */

import type { ReadingCodec } from "./codec.ts";
import { isObject, parseJson, requireArgs, wrapErrors } from "./decoding.ts";
import { toWorkflowError } from "./error_records.ts";
import { maxErrors } from "./stored_error.ts";
import { type Annotations, readAnnotations, type SharedObject } from "./superjson_annotations.ts";
import {
  type Container,
  createArray,
  createContainer,
  readLeaf,
  type ReadPart,
} from "./superjson_types.ts";

// Far above what is written. A class of Unicode properties takes 10 µs per character.
const maxPatternLength = 10_000;

interface OpenContainer extends Container {
  shared: SharedObject | undefined;
  /** Whether it is a copy that differs from the first one. */
  isDifferent: boolean;
}

/**
 * Reads JSON with annotations, without recursion, since it may be nested deeply.
 *
 * superjson stores an object each time that it occurs, or as null inside itself. A copy that differs
 * is read as it is. So the value is never larger than the JSON, even if every object is counted each
 * time that it occurs.
 */
class Reader {
  /** The containers around the current part. */
  #open: OpenContainer[] = [];
  /** False inside a copy that differs, so that no part is compared twice. */
  #isSharing = true;
  /** The numbers of properties of objects that were compared. */
  #sizes = new Map<object, number>();
  /** The length of all regular expressions so far. */
  #patternLength = 0;
  /** The number of errors so far. */
  #errors = 0;

  constructor(readonly annotations: Annotations) {}

  read(root: [json: unknown]): unknown {
    const outermost = createArray(root);
    this.#open.push({ ...outermost, shared: undefined, isDifferent: false });
    const read: ReadPart = (parent, key) => this.#readPart(parent, key);
    for (let innermost = this.#open[0]; innermost; innermost = this.#open.at(-1)) {
      if (!innermost.readNext(read)) this.#close();
    }
    return outermost.value[0];
  }

  #close(): void {
    const { shared, isDifferent } = this.#open.pop()!;
    if (shared) shared.state = "read";
    if (isDifferent) this.#isSharing = true;
  }

  #readPart(parent: object, key: string | number): unknown {
    const json = (parent as Record<string | number, unknown>)[key];
    const annotation = this.annotations.get(parent)?.get(String(key));
    if (!annotation && !this.annotations.has(json as object)) return json;
    const { type, shared } = annotation ?? {};
    if (!shared || !this.#isSharing) return this.#create(json, type);
    if (shared.state === "unread") return this.#create(json, type, shared);
    const isSame = shared.state === "read" ? this.#isSame(shared.json, json) : json === null;
    return isSame ? shared.value : this.#create(json, type, undefined, true);
  }

  /** Whether a copy equals the first one. Takes time in proportion to the copy. */
  #isSame(first: unknown, copy: unknown): boolean {
    const pairs = [[first, copy]];
    for (let pair = pairs.pop(); pair; pair = pairs.pop()) {
      const [a, b] = pair;
      if (!isObject(a) || !isObject(b)) {
        if (a !== b) return false;
        continue;
      }
      const keys = Object.keys(b);
      if (Array.isArray(a) !== Array.isArray(b) || this.#sizeOf(a) !== keys.length) return false;
      for (const key of keys) {
        if (!Object.hasOwn(a, key)) return false;
        pairs.push([a[key], b[key]]);
      }
    }
    return true;
  }

  #sizeOf(json: object): number {
    if (Array.isArray(json)) return json.length;
    let size = this.#sizes.get(json);
    if (size === undefined) this.#sizes.set(json, size = Object.keys(json).length);
    return size;
  }

  #countPattern(json: unknown): void {
    this.#patternLength += typeof json === "string" ? json.length : 0;
    if (this.#patternLength > maxPatternLength) {
      throw new RangeError(`regular expressions of more than ${maxPatternLength} characters`);
    }
  }

  /** Creates a value. If it contains others, they are read next. */
  #create(json: unknown, type: unknown, shared?: SharedObject, isDifferent = false): unknown {
    if (type === "regexp") this.#countPattern(json);
    if (type === "Error" && ++this.#errors > maxErrors) {
      throw new RangeError(`more than ${maxErrors} errors`);
    }
    const container = isObject(json) ? createContainer(json, type) : undefined;
    const value = container ? container.value : readLeaf(json, type);
    if (shared) Object.assign(shared, { state: container ? "being read" : "read", json, value });
    if (container) {
      this.#open.push({ ...container, shared, isDifferent });
      if (isDifferent) this.#isSharing = false;
    }
    return value;
  }
}

function deserializeValue(text: string): unknown {
  const parsed = parseJson(text);
  if (!isObject(parsed) || parsed.__dbos_serializer !== "superjson" || !("json" in parsed)) {
    throw new TypeError('expected __dbos_serializer to be "superjson"');
  }
  const { json, meta } = parsed;
  if (!isObject(meta)) return json; // JSON without annotations is the value.
  const root: [unknown] = [json];
  return new Reader(readAnnotations(root, meta)).read(root);
}

/** `js_superjson`, without the functions that write it. */
export const superjsonReader: ReadingCodec = wrapErrors({
  name: "js_superjson",
  deserializeValue,
  deserializeArgs: (text) => requireArgs(deserializeValue(text)),
  deserializeError: (text) => toWorkflowError(deserializeValue(text)),
});
