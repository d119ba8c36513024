/** The command that counts workflows. */

import { buildCommand } from "@stricli/core";
import { countWorkflows } from "../../lists/count.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { filterAliases, type FilterFlags, filterFlags, toFilters } from "../filters.ts";
import {
  asInteger,
  commonAliases,
  type CommonFlags,
  commonFlags,
  numberFlag,
  pickOptions,
} from "../flags.ts";
import { printRecords } from "../table.ts";
import { formatTime } from "../text.ts";

const groups = [
  "status",
  "workflowName",
  "queueName",
  "executorId",
  "applicationName",
  "applicationVersion",
] as const;

interface CountFlags extends CommonFlags, FilterFlags {
  readonly groupBy?: readonly (typeof groups)[number][];
  readonly timeBucketMs?: number;
}

export const count: CliCommand = buildCommand({
  docs: describe(
    "count",
    "",
    "It has the filters of list. Without --group-by it prints one number.",
    "dbos-client count --status ERROR --start-time 1h",
    "dbos-client count --group-by status,queueName",
    "dbos-client count --group-by status --time-bucket-ms 3600000",
  ),
  parameters: {
    flags: {
      ...filterFlags,
      groupBy: {
        kind: "enum",
        values: groups,
        optional: true,
        variadic: ",",
        brief: "Fields to group by, such as status,queueName",
      },
      timeBucketMs: numberFlag(
        "Also group by the time of creation, in buckets of that length",
        "ms",
        asInteger(1),
      ),
      ...commonFlags,
    },
    aliases: { ...filterAliases, g: "groupBy", ...commonAliases },
  },
  async func(flags: CountFlags) {
    const filters = await toFilters(flags);
    await withClient(flags, async (client) => {
      const counts = await countWorkflows(client, {
        ...filters,
        ...pickOptions(flags, "groupBy", "timeBucketMs"),
      });
      const { groupBy = [] } = flags;
      await printRecords(flags, counts, [
        { title: "TIME", value: ({ timeBucket }) => formatTime(timeBucket) },
        ...groupBy.map((field) => ({
          title: field.replaceAll(/[A-Z]/g, " $&").toUpperCase(),
          value: (item: (typeof counts)[number]) => item[field] ?? "-",
        })),
        { title: "COUNT", value: ({ count }) => count, isRight: true },
      ]);
    });
  },
});
