import { assert, assertEquals } from "@std/assert";
import { v7 } from "@std/uuid";
import { uuidV7 } from "../src/uuid_v7.ts";

function assertIncreasing(ids: string[]): void {
  for (let index = 1; index < ids.length; index++) {
    assert(ids[index - 1]! < ids[index]!, `${ids[index - 1]} is not before ${ids[index]}`);
  }
}

/** Runs `body` with `now` as the clock. */
function withClock<Result>(now: () => number, body: () => Result): Result {
  const realNow = Date.now;
  Date.now = now;
  try {
    return body();
  } finally {
    Date.now = realNow;
  }
}

Deno.test("uuidV7() contains the current time in milliseconds", () => {
  const before = Date.now();
  const id = uuidV7();
  const after = Date.now();
  assert(v7.validate(id), id);
  const timestamp = v7.extractTimestamp(id);
  assert(before <= timestamp && timestamp <= after);
});

Deno.test("uuidV7() returns increasing and distinct IDs 100,000 times in a row", () => {
  const ids = Array.from({ length: 100_000 }, uuidV7);
  assertIncreasing(ids);
  assertEquals(ids.filter((id) => !v7.validate(id)), []);
  // The random parts alone are distinct, too.
  assertEquals(new Set(ids.map((id) => id.slice(19))).size, ids.length);
});

Deno.test("uuidV7() increases even if the clock stands still or goes back", () => {
  const start = Date.now();
  const first = uuidV7();
  const still = withClock(() => start, () => Array.from({ length: 10_000 }, uuidV7));
  const back = withClock(() => start - 60_000, () => Array.from({ length: 10_000 }, uuidV7));
  const ids = [first, ...still, ...back, uuidV7()];
  assertIncreasing(ids);
  assertEquals(ids.filter((id) => !v7.validate(id)), []);
});

Deno.test("uuidV7() follows a clock that jumps ahead", () => {
  const ahead = Date.now() + 3_600_000;
  const id = withClock(() => ahead, uuidV7);
  assertEquals(v7.extractTimestamp(id), ahead);
});
