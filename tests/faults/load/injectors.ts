/** The faults that are injected under load, one function each. */
import type { ClientOptions } from "../../../mod.ts";
import { startPgBouncer, unavailable as noPooler } from "../../support/pgbouncer.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";
import type { Random } from "./random.ts";
import type { Stage } from "./stage.ts";

/** A fault that can be injected again and again. */
export interface Injector extends AsyncDisposable {
  /** Where the programs connect. */
  readonly url: string;
  readonly options?: ClientOptions;
  /** Injects the fault, and ends it. */
  inject(): Promise<void>;
}

export interface Fault {
  /** Why it cannot be injected, if so. */
  skipReason?(stage: Stage): string | undefined;
  /** The SQLSTATE with which calls are refused, if some are. */
  readonly refusedWith?: string;
  open(stage: Stage, random: Random): Promise<Injector>;
}

const nothing = { [Symbol.asyncDispose]: () => Promise.resolve() };

/** The time that a fault lasts. */
async function last(random: Random): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100 + random.below(1400)));
}

/** A fault of a server that the programs are connected to. */
function onServer(inject: (stage: Stage, random: Random) => Promise<void>): Fault {
  return {
    open: (stage, random) =>
      Promise.resolve({
        ...nothing,
        url: stage.server.url,
        inject: () => inject(stage, random),
      }),
  };
}

function terminate(share: string): string {
  return `select pg_terminate_backend(pid) from pg_stat_activity
    where usename = 'caller' and random() < ${share}`;
}

export const faults: Readonly<Record<string, Fault>> = {
  "the server is killed": onServer(async ({ server }, random) => {
    await server.kill();
    await last(random);
    await server.start();
  }),

  "the process of a connection is killed": onServer(async ({ server }) => {
    await server.killBackend();
    await server.start();
  }),

  "connections are terminated": onServer(async ({ server }) => {
    await server.query(terminate("0.5"));
  }),

  "the server is full": onServer(async ({ server }, random) => {
    await server.query("alter role caller connection limit 0");
    await server.query(terminate("0.9"));
    await last(random);
    await server.query("alter role caller connection limit -1");
  }),

  "the worker is killed": onServer((stage) => stage.startWorker(stage.server.url)),

  "the clock of the client jumps by up to an hour": {
    open: (stage, random) => {
      const shift = (ms: number) =>
        Promise.all(stage.programs.map((program) => program.request("shiftClock", ms)));
      return Promise.resolve({
        url: stage.server.url,
        async inject() {
          await shift(random.below(7_200_000) - 3_600_000);
        },
        async [Symbol.asyncDispose]() {
          await shift(0);
        },
      });
    },
  },

  "the disk is full": {
    skipReason: ({ fillDisk }) => fillDisk ? undefined : "no disk can be mounted",
    refusedWith: "53100",
    ...onServer(async (stage, random) => {
      const free = await stage.fillDisk!();
      await last(random);
      await free();
      await stage.server.start();
    }),
  },

  "PgBouncer restarts": {
    skipReason: () => noPooler,
    async open(stage, random) {
      const { url } = stage.server;
      let pooler = await startPgBouncer(url);
      return {
        url: pooler.url,
        options: { prepare: false, listen: false },
        async inject() {
          await pooler[Symbol.asyncDispose]();
          await last(random);
          pooler = await startPgBouncer(url, {}, Number(new URL(pooler.url).port));
        },
        [Symbol.asyncDispose]: () => pooler[Symbol.asyncDispose](),
      };
    },
  },

  // The programs reach the standby while it can only be read from, and keep these connections.
  "a standby takes over": {
    async open(stage, random) {
      const first = stage.server;
      await first.stop("fast");
      let standby = await first.copy(stage.folder);
      await first.start();
      await standby.follow(first);
      await standby.start();
      const proxy = await startTcpProxy(first.url);
      await stage.startWorker(proxy.url);
      const nodes = [first, standby];
      return {
        url: proxy.url,
        async inject() {
          const primary = stage.server;
          proxy.leadTo(standby.url);
          proxy.cut();
          await last(random);
          // The standby has all that was written when the server has stopped.
          await primary.stop("fast");
          await standby.promote();
          await primary.follow(standby);
          await primary.start();
          stage.server = standby;
          standby = primary;
        },
        async [Symbol.asyncDispose]() {
          await proxy[Symbol.asyncDispose]();
          await Promise.all(
            nodes.filter((node) => node !== stage.server)
              .map((node) => node.stop("fast")),
          );
          await stage.startWorker(stage.server.url);
        },
      };
    },
  },
};
