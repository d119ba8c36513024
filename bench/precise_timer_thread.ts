/// <reference lib="deno.worker" />
import { now, type TimerMemory } from "./precise_timer.ts";

self.onmessage = ({ data: { control, dueAt } }: MessageEvent<TimerMemory>) => {
  for (let fired = 0;;) {
    const count = Atomics.load(control, 0);
    if (fired === count) {
      Atomics.wait(control, 0, count);
      continue;
    }
    const remainingMs = dueAt[fired % dueAt.length]! - now();
    if (remainingMs > 0) Atomics.wait(control, 1, 0, remainingMs);
    else {
      fired++;
      self.postMessage(undefined);
    }
  }
};
