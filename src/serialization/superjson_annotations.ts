/**
 * Reads the annotations of superjson: which parts of its JSON stand for a Date, a Map and so on, and
 * which of them are the same object. An annotation names a part by its path: the keys that lead to
 * it, joined by dots.
 */

import { isObject } from "./decoding.ts";

type Container = Record<string, unknown>;

/** A part of the JSON: a property of an object, or an element of an array. */
interface Place {
  container: Container;
  key: string;
}

/** An object that occurs in several places. Its first occurrence is complete. */
export interface SharedObject {
  state: "unread" | "being read" | "read";
  /** The JSON of the first occurrence. */
  json?: unknown;
  value?: unknown;
}

/** What is known about a part of the JSON. */
export interface Annotation {
  /** The type that it stands for: a text, or an array of a kind and a name. */
  type?: unknown;
  shared?: SharedObject;
}

/**
 * The annotations of all parts, by their containers and keys. Every container around an annotated
 * part has an entry.
 */
export type Annotations = Map<object, Map<string, Annotation>>;

/** Parses a path. Before version 1, only dots were escaped, and a backslash could be itself. */
function parsePath(path: string, version: number): string[] {
  if (!path.includes("\\")) return path.split(".");
  const keys = [""];
  for (const [part] of path.matchAll(version < 1 ? /\\\.|[^]/g : /\\[.\\]|[^]/g)) {
    if (part === ".") keys.push("");
    else keys.push(keys.pop()! + (part.length > 1 ? part[1] : part));
  }
  return keys;
}

function annotationsOf(annotations: Annotations, container: object): Map<string, Annotation> {
  let found = annotations.get(container);
  if (!found) annotations.set(container, found = new Map());
  return found;
}

function annotate(annotations: Annotations, { container, key }: Place, found: Annotation): void {
  const ofContainer = annotationsOf(annotations, container);
  const known = ofContainer.get(key);
  if (known) Object.assign(known, found);
  else ofContainer.set(key, found);
}

interface Meta {
  values?: unknown;
  referentialEqualities?: unknown;
  v?: unknown;
}

/** Reads the annotations of the JSON that is the first element of `root`. */
export function readAnnotations(root: [json: unknown], meta: Meta): Annotations {
  const annotations: Annotations = new Map();
  const version = typeof meta.v === "number" ? meta.v : 0;
  const start: Place = { container: root as unknown as Container, key: "0" };

  /** Returns the place that a path leads to. Only properties of the JSON itself are followed. */
  function findPlace(from: Place, path: string): Place | undefined {
    let { container, key } = from;
    for (const next of parsePath(path, version)) {
      const json = container[key];
      if (!isObject(json) || !Object.hasOwn(json, next)) return undefined;
      annotationsOf(annotations, json);
      container = json;
      key = next;
    }
    return { container, key };
  }

  /** Reads `{ path: tree }`, or `[type]`, or `[type, { path: tree }]`. */
  function readTypes(root: unknown): void {
    const pending = [{ tree: root, place: start }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { tree, place } = next;
      if (Array.isArray(tree)) annotate(annotations, place, { type: tree[0] });
      const children = Array.isArray(tree) ? tree[1] : tree;
      if (!isObject(children)) continue;
      for (const [path, child] of Object.entries(children)) {
        // The DBOS SDK does not escape dots as it should. Its paths may lead nowhere.
        const found = findPlace(place, path);
        if (found) pending.push({ tree: child, place: found });
      }
    }
  }

  function readPaths(paths: unknown, ...places: Place[]): void {
    const shared: SharedObject = { state: "unread" };
    for (const path of Array.isArray(paths) ? paths : []) {
      const place = typeof path === "string" && findPlace(start, path);
      if (place) places.push(place);
    }
    for (const place of places) annotate(annotations, place, { shared });
  }

  /** Reads `{ path: paths }`, or `[paths of the root]`, or `[paths of the root, { path: paths }]`. */
  function readEqualities(equalities: unknown): void {
    if (Array.isArray(equalities)) readPaths(equalities[0], start);
    const others = Array.isArray(equalities) ? equalities[1] : equalities;
    if (!isObject(others)) return;
    for (const [path, paths] of Object.entries(others)) {
      const place = findPlace(start, path);
      readPaths(paths, ...(place ? [place] : []));
    }
  }

  readTypes(meta.values);
  readEqualities(meta.referentialEqualities);
  return annotations;
}
