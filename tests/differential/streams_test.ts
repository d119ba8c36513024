import { readStream, readStreamOffset, type ReadStreamOptions } from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

const patient = { timeoutSeconds: 0.3 };
const closing = '"__DBOS_STREAM_CLOSED__"';

interface StoredValue {
  value: string;
  serialization?: string | null;
  offset?: number;
}

/** Rows of the stream `log`, as they may be found. */
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

/** All values, and the error that ends them if there is one. */
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
  options: ReadStreamOptions = patient,
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
    official: (client) => client.readStreamOffset(workflowID, "log", offset, patient),
    ours: (client) => readStreamOffset(client, workflowID, "log", offset, patient),
  };
}

const numbers = [0, 1, 2].map((number) => ({ value: `${number}` }));
const native = {
  value: '{"json":["1970-01-01T00:00:00.005Z"],"meta":{"values":{"0":["Date"]}},' +
    '"__dbos_serializer":"superjson"}',
  serialization: "js_superjson",
};
const many = Array.from({ length: 205 }, (_, index) => ({ value: `[${index}]` }));

testDifferential("readStream() gives", [
  { name: "what a worker wrote and closed", ...read("stepped") },
  { name: "what it wrote from an offset on", ...read("stepped", { ...patient, offset: 1 }) },
  { name: "an empty stream of a workflow that has ended", ...read("succeeded") },
  { name: "an empty stream of a workflow that waits", ...read("waiting") },
  { name: "nothing at once of a workflow that waits", ...read("waiting", { timeoutSeconds: 0 }) },
  { name: "a stream of a workflow that is not there", ...read("nobody") },
  { name: "values, and then waits", ...withStream("waiting", numbers), ...read("waiting") },
  { name: "many values", ...withStream("waiting", many), ...read("waiting") },
  {
    name: "values of either format",
    ...withStream("waiting", [...numbers, native]),
    ...read("waiting"),
  },
  ...["succeeded", "failed", "cancelled", "given-up"].map((id) => ({
    name: `the values of a workflow that is ${id}`,
    ...withStream(id, numbers),
    ...read(id),
  })),
  ...[closing, closing.slice(1, -1)].map((value) => ({
    name: `what comes before ${value}`,
    ...withStream("waiting", [...numbers, { value, serialization: null }, { value: "4" }]),
    ...read("waiting"),
    ...(value === closing && {
      differences: {
        "value.error": "the official client reads a mark without a format as its own format",
      },
    }),
  })),
  {
    name: "what comes after a mark",
    ...withStream("waiting", [{ value: closing }, ...numbers.slice(1)]),
    ...read("waiting", { ...patient, offset: 1 }),
  },
  {
    name: "what comes before a gap",
    ...withStream("succeeded", [...numbers, { value: "4", offset: 4 }]),
    ...read("succeeded"),
  },
  {
    name: "a null, and a text that resembles the mark",
    ...withStream("succeeded", [{ value: "null" }, { value: '"__DBOS_STREAM_CLOSED"' }]),
    ...read("succeeded"),
  },
]);

const ended = {
  differences: { "error.class": "the official client has but one class, of which ours are two" },
};

testDifferential("readStreamOffset() gives", [
  { name: "what a worker wrote", ...readOffset("stepped", 0) },
  { name: "the end of a stream that was closed", ...readOffset("stepped", 1), ...ended },
  { name: "the end of a workflow that has ended", ...readOffset("succeeded", 0), ...ended },
  { name: "nothing of a workflow that waits", ...readOffset("waiting", 0) },
  { name: "nothing of a workflow that is not there", ...readOffset("nobody", 0) },
  { name: "a value", ...withStream("waiting", numbers), ...readOffset("waiting", 2) },
  {
    name: "a value after a gap",
    ...withStream("waiting", [{ value: "4", offset: 4 }]),
    ...readOffset("waiting", 4),
  },
]);
