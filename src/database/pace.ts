/** Decides when the next of several statements goes, and how many of the gathered items it takes. */

/** What has been gathered for the next statements. */
export interface Gathered {
  readonly items: number;
  /** Whether there is as much as a statement shall be long. */
  readonly isFull: boolean;
}

/** The statements of one batcher, as they come and go. */
export interface Pace {
  /** How many of the gathered items shall go as a statement now; 0 while they better wait. */
  countNext(gathered: Gathered): number;
  /** Runs a statement. */
  run(statement: () => Promise<void>): Promise<void>;
}

// From a server that is far an answer is not worth waiting for, unlike from one that is near: that is
// busy with the statement most of the time.
const farMs = 10;
// How many items a statement must have to be worth sending beside others, and how many of such there
// are at most. What a statement costs the server besides its items matters only where it is near.
const near = { fewestItems: 16, mostStatements: 2 };
const far = { fewestItems: 4, mostStatements: Infinity };

/**
 * The pace of statements on so many `connections`. While one is under way, the next items wait for
 * its answer, unless they fill a statement and there is another connection.
 *
 * Unless they are to be seen `inOrder`, others go on other connections as well: with a server that is
 * near, when there are enough of them; with one that is far, whenever a connection is free.
 */
export function createPace(connections: number, inOrder: boolean): Pace {
  let underWay = 0;
  // The shortest time that a statement took: others met a server that was busy. The first may have had
  // to wait for a connection to be opened.
  let shortestMs = Infinity;
  let isFirst = true;

  function isDue({ items, isFull }: Gathered, beside: typeof near): boolean {
    if (items === 0 || underWay >= connections) return false;
    if (underWay === 0 || isFull) return true;
    if (inOrder || underWay >= beside.mostStatements) return false;
    return beside === far || items >= beside.fewestItems;
  }

  return {
    countNext(gathered) {
      const beside = shortestMs >= farMs && shortestMs < Infinity ? far : near;
      if (!isDue(gathered, beside)) return 0;
      const most = inOrder ? 1 : Math.min(beside.mostStatements, connections);
      const worthSending = Math.floor(gathered.items / beside.fewestItems);
      return Math.ceil(gathered.items / Math.max(1, Math.min(worthSending, most - underWay)));
    },
    async run(statement) {
      underWay++;
      const startedAt = performance.now();
      try {
        await statement();
      } finally {
        if (!isFirst) shortestMs = Math.min(shortestMs, performance.now() - startedAt);
        isFirst = false;
        underWay--;
      }
    },
  };
}
