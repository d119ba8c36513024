import pg from "pg";
import type { CustomDriver } from "../../mod.ts";
import { createTarget, type Fixture, type OpenTarget, runTransaction } from "./driver_targets.ts";

type ToDriver = (connection: pg.Pool | pg.PoolClient) => CustomDriver;

/** A driver that only runs one statement at a time, and returns objects with parsed values. */
const toMinimalDriver: ToDriver = (connection) => ({
  async query(text, values) {
    // Also a text without values must be one statement.
    const query = { text, values: [...values], queryMode: "extended" };
    return (await connection.query(query)).rows;
  },
});

/** A driver that can do everything, and returns arrays of texts. */
const toFullDriver: ToDriver = (connection) => {
  const asTexts = { rowMode: "array", types: { getTypeParser: () => String } } as const;
  return {
    maxConnections: connection instanceof pg.Pool ? connection.options.max : 1,
    transactionStatus: () => connection instanceof pg.Pool ? "none" : "open",
    query: async (text, values) =>
      (await connection.query({ text, values: [...values], ...asTexts })).rows,
    async queryInOneMessage(text) {
      const results = [await connection.query({ text, ...asTexts })].flat();
      return results.at(-1)!.rows;
    },
    async listen(channels, { onNotify, onEnd }) {
      const client = new pg.Client({
        connectionString: (connection as pg.Pool).options.connectionString,
      });
      client.on("error", onEnd);
      client.on("end", onEnd);
      client.on(
        "notification",
        ({ channel, payload }: { channel: string; payload: string }) => onNotify(channel, payload),
      );
      await client.connect();
      for (const channel of channels) await client.query(`listen ${channel}`);
      return () => client.end();
    },
  };
};

function openWith(toDriver: ToDriver): OpenTarget {
  return (fixture: Fixture) => {
    const pool = new pg.Pool({ connectionString: fixture.url });
    const target = createTarget(fixture, {
      driver: toDriver(pool),
      async transaction(body) {
        const client = await pool.connect();
        try {
          await runTransaction(
            (statement) => client.query(statement),
            () => body(toDriver(client)),
          );
        } finally {
          client.release();
        }
      },
      close: () => pool.end(),
    });
    return Promise.resolve(target);
  };
}

/** Drivers of one's own, which run their statements on npm:pg. */
export const customTargets: Record<string, OpenTarget> = {
  "a driver of one's own that only runs statements": openWith(toMinimalDriver),
  "a driver of one's own that can do everything": (fixture) =>
    openWith(toFullDriver)({ ...fixture, options: { listen: true } }),
};
