/// <reference lib="deno.worker" />
import { type Alarms, now } from "./alarm_clock.ts";

self.onmessage = ({ data: { control, dueAt } }: MessageEvent<Alarms>) => {
  for (let rung = 0;;) {
    const count = Atomics.load(control, 0);
    if (rung === count) {
      Atomics.wait(control, 0, count);
      continue;
    }
    const restMs = dueAt[rung % dueAt.length]! - now();
    if (restMs > 0) Atomics.wait(control, 1, 0, restMs);
    else {
      rung++;
      self.postMessage(undefined);
    }
  }
};
