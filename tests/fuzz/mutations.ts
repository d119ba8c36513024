/** Changes of stored values. */

import fc, { type Arbitrary } from "fast-check";
import { binaryTokens, jsonTokens, type StoredValue } from "./stored_values.ts";

/** One change: where, how much of the text, and with what. The places are fractions of it. */
interface Mutation {
  kind: "replace" | "insert" | "remove" | "repeat" | "move" | "replace JSON" | "add JSON";
  at: number;
  to: number;
  length: number;
  token: string;
  times: number;
}

function mutateText(text: string, mutation: Mutation): string {
  const { kind, at, to, length, token, times } = mutation;
  const start = Math.floor(at * text.length);
  const end = Math.min(start + length, text.length);
  const slice = text.slice(start, end);
  const without = text.slice(0, start) + text.slice(end);
  const target = Math.floor(to * without.length);
  switch (kind) {
    case "remove":
      return without;
    case "repeat":
      return text.slice(0, end) + slice.repeat(times) + text.slice(end);
    case "move":
      return without.slice(0, target) + slice + without.slice(target);
    case "insert":
      return text.slice(0, start) + token + text.slice(start);
    default:
      return text.slice(0, start) + token + text.slice(end);
  }
}

type Parent = Record<string, unknown>;

/** Finds every property and element of a JSON, but for the marker of superjson. */
function findPlaces(json: unknown, places: [Parent, string][] = []): [Parent, string][] {
  if (typeof json !== "object" || json === null) return places;
  for (const [key, value] of Object.entries(json)) {
    if (key === "__dbos_serializer") continue;
    places.push([json as Parent, key]);
    findPlaces(value, places);
  }
  return places;
}

/** Replaces a part of a JSON by a token or another part, or adds it under a key of its own. */
function mutateJson(text: string, { kind, at, to, token, times }: Mutation): string {
  const root = JSON.parse(text);
  const places = findPlaces(root);
  const pick = (fraction: number) => places[Math.floor(fraction * places.length)]!;
  const [parent, key] = pick(at);
  const [source, sourceKey] = pick(to);
  const parsed = JSON.parse(token);
  const value = times % 2 ? parsed : structuredClone(source[sourceKey]);
  const isKey = kind === "add JSON" && typeof parsed === "string";
  Object.defineProperty(parent, isKey ? parsed : key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
  return JSON.stringify(root);
}

function mutate(text: string, mutation: Mutation): string {
  if (!mutation.kind.endsWith("JSON")) return mutateText(text, mutation);
  try {
    return mutateJson(text, mutation);
  } catch {
    return mutateText(text, mutation); // It is no JSON any more.
  }
}

function mutateStored(stored: StoredValue, mutations: readonly Mutation[]): StoredValue {
  const isBase64 = stored.encoding !== "json";
  let text = stored.text;
  try {
    if (isBase64) text = atob(text);
  } catch {
    return stored;
  }
  for (const mutation of mutations) text = mutate(text, mutation);
  // Further changes of a text need not make it ever longer.
  text = text.slice(0, 100_000);
  if (isBase64) text = btoa(text.replace(/[^\0-\xff]/g, "?"));
  return { ...stored, text };
}

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function mutations(
  kinds: readonly Mutation["kind"][],
  token: Arbitrary<string>,
  maxLength: number,
): Arbitrary<Mutation[]> {
  const mutation = fc.record({
    kind: fc.constantFrom(...kinds),
    at: fraction,
    to: fraction,
    length: fc.integer({ min: 1, max: 20 }),
    token,
    times: fc.integer({ min: 1, max: 100 }),
  });
  return fc.array(mutation, { minLength: 1, maxLength });
}

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const textKinds = ["replace", "insert", "remove", "repeat", "move"] as const;
const textMutations = (tokens: readonly string[]) =>
  mutations(textKinds, fc.oneof(fc.constantFrom(...tokens), byte), 3);
const jsonMutations = mutations(["replace JSON", "add JSON"], fc.constantFrom(...jsonTokens), 6);

const mutationsOf: Record<StoredValue["encoding"], Arbitrary<Mutation[]>> = {
  // Most changes of the text of a JSON only make it invalid.
  json: fc.oneof(
    { weight: 9, arbitrary: jsonMutations },
    { weight: 1, arbitrary: textMutations(jsonTokens) },
  ),
  base64: textMutations(binaryTokens),
  "json in base64": jsonMutations,
};

/** Stored values of one format, changed in a few places. */
export function mutatedValues(values: readonly StoredValue[]): Arbitrary<StoredValue> {
  return fc.constantFrom(...values).chain((stored) =>
    mutationsOf[stored.encoding].map((mutations) => mutateStored(stored, mutations))
  );
}
