import type { SqlTagDriver } from "../../mod.ts";
import { createLane, type OpenLane, type Place } from "../conformance/driver_lanes.ts";
import type { Lane } from "../conformance/lane.ts";

interface BunSql extends SqlTagDriver {
  begin(body: (transaction: SqlTagDriver) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

declare const Bun: { SQL: new (url: string) => BunSql };

async function openBunSql(place: Place): Promise<Lane> {
  const sql = new Bun.SQL(place.url);
  return await createLane(place, {
    driver: sql,
    transaction: (body) => sql.begin((transaction) => body(transaction)),
    close: () => sql.close(),
  });
}

/** The lanes of the driver that Bun brings along. */
export const bunLanes: Record<string, OpenLane> = {
  "Bun.sql": openBunSql,
  "Bun.sql without prepared statements": (place) =>
    openBunSql({ ...place, options: { prepare: false } }),
};
