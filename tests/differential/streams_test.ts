import { readStream, readStreamOffset, type ReadStreamOptions } from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

const timeout = { timeoutSeconds: 0.3 };
const endMark = '"__DBOS_STREAM_CLOSED__"';

interface StoredValue {
  value: string;
  serialization?: string | null;
  offset?: number;
}

/** Inserts rows of the stream `log`. */
function withStream(
  workflowID: string,
  values: readonly StoredValue[],
): Pick<DifferentialCase, "prepare"> {
  return {
    async prepare(query: Query) {
      for (const [index, value] of values.entries()) {
        const { serialization = "portable_json", offset = index } = value;
        await query(
          `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
          values ($1, 'log', $2, $3, $4)`,
          [workflowID, value.value, offset, serialization],
        );
      }
    },
  };
}

/** Reads all values, and the error that ends the stream if there is one. */
async function collect(values: AsyncGenerator<unknown>): Promise<unknown> {
  const read = [];
  try {
    for await (const value of values) read.push(value);
  } catch (error) {
    return { read, error };
  }
  return { read };
}

function read(
  workflowID: string,
  options: ReadStreamOptions = timeout,
): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: (client) => collect(client.readStream(workflowID, "log", options)),
    ours: (client) => collect(readStream(client, workflowID, "log", options)),
  };
}

function readOffset(
  workflowID: string,
  offset: number,
): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: (client) => client.readStreamOffset(workflowID, "log", offset, timeout),
    ours: (client) => readStreamOffset(client, workflowID, "log", offset, timeout),
  };
}

const numbers = [0, 1, 2].map((number) => ({ value: `${number}` }));
const native = {
  value: '{"json":["1970-01-01T00:00:00.005Z"],"meta":{"values":{"0":["Date"]}},' +
    '"__dbos_serializer":"superjson"}',
  serialization: "js_superjson",
};
const many = Array.from({ length: 205 }, (_, index) => ({ value: `[${index}]` }));

testDifferential("readStream()", [
  { name: "a stream that a worker wrote and closed", ...read("stepped") },
  { name: "the same from an offset on", ...read("stepped", { ...timeout, offset: 1 }) },
  { name: "an empty stream of a workflow that has ended", ...read("succeeded") },
  { name: "an empty stream of a workflow that has not ended", ...read("waiting") },
  {
    name: "an empty stream of a workflow that has not ended, with timeoutSeconds 0",
    ...read("waiting", { timeoutSeconds: 0 }),
  },
  { name: "a stream of an unknown workflow", ...read("nobody") },
  { name: "values, and then a timeout", ...withStream("waiting", numbers), ...read("waiting") },
  { name: "many values", ...withStream("waiting", many), ...read("waiting") },
  {
    name: "values in either format",
    ...withStream("waiting", [...numbers, native]),
    ...read("waiting"),
  },
  ...["succeeded", "failed", "cancelled", "given-up"].map((id) => ({
    name: `the values of a workflow that is ${id}`,
    ...withStream(id, numbers),
    ...read(id),
  })),
  ...[endMark, endMark.slice(1, -1)].map((value) => ({
    name: `the values before ${value}`,
    ...withStream("waiting", [...numbers, { value, serialization: null }, { value: "4" }]),
    ...read("waiting"),
    ...(value === endMark && {
      differences: {
        "value.error":
          "the official client reads an end mark without a format in its native format",
      },
    }),
  })),
  {
    name: "the values after an end mark",
    ...withStream("waiting", [{ value: endMark }, ...numbers.slice(1)]),
    ...read("waiting", { ...timeout, offset: 1 }),
  },
  {
    name: "the values before a gap",
    ...withStream("succeeded", [...numbers, { value: "4", offset: 4 }]),
    ...read("succeeded"),
  },
  {
    name: "a null, and a string that resembles the end mark",
    ...withStream("succeeded", [{ value: "null" }, { value: '"__DBOS_STREAM_CLOSED"' }]),
    ...read("succeeded"),
  },
]);

const ended = {
  differences: { "error.class": "the official client has one class where ours has two" },
};

testDifferential("readStreamOffset()", [
  { name: "a value that a worker wrote", ...readOffset("stepped", 0) },
  { name: "the end of a stream that was closed", ...readOffset("stepped", 1), ...ended },
  {
    name: "the end of a stream of a workflow that has ended",
    ...readOffset("succeeded", 0),
    ...ended,
  },
  { name: "a missing value of a workflow that has not ended", ...readOffset("waiting", 0) },
  { name: "a missing value of an unknown workflow", ...readOffset("nobody", 0) },
  { name: "a value", ...withStream("waiting", numbers), ...readOffset("waiting", 2) },
  {
    name: "a value after a gap",
    ...withStream("waiting", [{ value: "4", offset: 4 }]),
    ...readOffset("waiting", 4),
  },
]);
