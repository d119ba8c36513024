/** Keeps waits in the order of their next polls, so that a poll visits only those that are due. */

import type { Wait } from "./wait.ts";

type QueuedWait = Pick<Wait<never>, "nextPollAt" | "queuePosition">;

/** A priority queue of waits. It costs a few comparisons to add, move or remove one of thousands. */
export interface WaitQueue<Queued> {
  /** The wait whose next poll comes first. */
  readonly first: Queued | undefined;
  add(wait: Queued): void;
  /** Changes when to poll for a wait that is in the queue. */
  move(wait: Queued, nextPollAt: number): void;
  /** Removes a wait if it is in the queue. */
  remove(wait: Queued): void;
}

/** An empty queue: a binary heap, whose waits know their positions. */
export function createWaitQueue<Queued extends QueuedWait>(): WaitQueue<Queued> {
  const heap: Queued[] = [];

  function put(wait: Queued, position: number): void {
    heap[position] = wait;
    wait.queuePosition = position;
  }

  /** Swaps a wait towards the first position, and then away from it, until it is in order. */
  function sift(wait: Queued): void {
    let position = wait.queuePosition;
    while (position > 0) {
      const parentPosition = (position - 1) >> 1;
      const parent = heap[parentPosition]!;
      if (parent.nextPollAt <= wait.nextPollAt) break;
      put(parent, position);
      position = parentPosition;
    }
    while (true) {
      const left = 2 * position + 1;
      const right = left + 1;
      const isRight = right < heap.length && heap[right]!.nextPollAt < heap[left]!.nextPollAt;
      const childPosition = isRight ? right : left;
      const child = heap[childPosition];
      if (!child || child.nextPollAt >= wait.nextPollAt) break;
      put(child, position);
      position = childPosition;
    }
    put(wait, position);
  }

  return {
    get first() {
      return heap[0];
    },
    add(wait) {
      put(wait, heap.length);
      sift(wait);
    },
    move(wait, nextPollAt) {
      wait.nextPollAt = nextPollAt;
      sift(wait);
    },
    remove(wait) {
      if (wait.queuePosition < 0) return;
      const last = heap.pop()!;
      if (last !== wait) {
        put(last, wait.queuePosition);
        sift(last);
      }
      wait.queuePosition = -1;
    },
  };
}
