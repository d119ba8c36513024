/** Proves that any value comes back from a live worker as it was. */
import fc, { type Arbitrary } from "fast-check";
import { inspect, isDeepStrictEqual } from "node:util";
import { getEvent, send, type SerializationType } from "../../mod.ts";
import { jsonValues, type Omissions, pickleValues, superjsonValues } from "./round_trip_values.ts";
import type { LiveWorker } from "./suite.ts";

const patience = { timeoutSeconds: 60 };
const batchLength = 200;

/** What is known of a language by the format that is native to it. */
interface Limits {
  /** How this client writes that format, and the values to write so. */
  native?: { serializationType: SerializationType; values: Arbitrary<unknown> };
  /** What its workers lose or cannot write. */
  omissions?: Omissions;
  /** Whether the keys of an object come back in an order of its own. */
  reordersKeys?: boolean;
  /** Whether only a workflow of one argument can be given it in its native format. */
  takesOneArgument?: boolean;
}

const limits: Record<string, Limits> = {
  js_superjson: {
    native: {
      serializationType: "native",
      // superjson refuses the ones, and that of the SDK cannot read what it writes of the others.
      values: superjsonValues({ prototypeKeys: true, dottedKeys: true }),
    },
  },
  py_pickle: {
    native: { serializationType: "py_pickle", values: pickleValues({}) },
    // Python reads them but encodes no text that has them: such a workflow never ends.
    omissions: { loneSurrogates: true },
  },
  DBOS_JSON: {
    native: {
      serializationType: "DBOS_JSON",
      // Go has such integers exactly, so that they come back as a bigint.
      values: jsonValues({ loneSurrogates: true, longIntegers: true }),
    },
    // Go puts U+FFFD in their place.
    omissions: { loneSurrogates: true },
    reordersKeys: true,
    takesOneArgument: true,
  },
  java_jackson: {
    // Java puts a question mark in their place.
    omissions: { loneSurrogates: true },
    reordersKeys: true,
  },
};

/** How this client writes the format that is native to a language, if it does. */
export function writtenAs(nativeFormat: string): SerializationType | undefined {
  return limits[nativeFormat]?.native?.serializationType;
}

/** A format, which is the client's own where none is given. */
type Format = { serializationType?: SerializationType } | undefined;

/** What a batch goes through; `format` is for the batch, `formatOfSeveral` for several arguments. */
type Way = (
  worker: LiveWorker,
  batch: unknown[],
  format: Format,
  formatOfSeveral: Format,
) => Promise<unknown>;

const asArgument: Way = async ({ start }, batch, format) => {
  const handle = await start({ workflowName: "echoOne", ...format }, batch);
  return await handle.getResult(patience);
};

const asEvent: Way = async ({ client, start }, batch, _format, formatOfSeveral) => {
  const options = { workflowName: "publish", ...formatOfSeveral };
  const { workflowID } = await start(options, "values", batch);
  return await getEvent(client, workflowID, "values", patience);
};

const asMessage: Way = async ({ client, start }, batch, format, formatOfSeveral) => {
  const options = { workflowName: "waitForMessage", ...formatOfSeveral };
  const { workflowID, getResult } = await start(options, "values");
  await send(client, workflowID, batch, { topic: "values", ...format });
  return await getResult(patience);
};

const ways: Way[] = [asEvent, asMessage];

/** A text in which keys are in their order. A Map or Set is not in it, for few formats order those. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_key, value) => typeof value === "bigint" ? null : value);
}

function isSame(received: unknown, sent: unknown, reordersKeys = false): boolean {
  return isDeepStrictEqual(received, sent) && (reordersKeys || inOrder(received) === inOrder(sent));
}

/** Sends most batches as arguments, and the others as events and messages. */
async function proveValues(
  worker: LiveWorker,
  values: Arbitrary<unknown>,
  count: number,
  serializationType?: SerializationType,
): Promise<void> {
  const { reordersKeys, takesOneArgument } = limits[worker.nativeFormat] ?? {};
  const format = serializationType && { serializationType };
  const formatOfSeveral = takesOneArgument ? undefined : format;
  await Promise.all(Array.from({ length: count / batchLength }, async (_, seed) => {
    const way = ways[seed % 10] ?? asArgument;
    const sent = fc.sample(values, { numRuns: batchLength, seed });
    const received = await way(worker, sent, format, formatOfSeveral) as unknown[] | null;
    for (const [index, value] of sent.entries()) {
      if (isSame(received?.[index], value, reordersKeys)) continue;
      const [was, is] = [value, received?.[index]].map((value) => inspect(value, { depth: 8 }));
      throw new Error(
        `Value ${index} of seed ${seed}, ${way.name} in the format ${serializationType}, was\n${was}\n` +
          `and came back as\n${is}`,
      );
    }
  }));
}

/** Sends 20,000 values in the client's format, and 10,000 in the one that is the language's own. */
export async function proveRoundTrips(worker: LiveWorker): Promise<void> {
  const { native, omissions = {} } = limits[worker.nativeFormat] ?? {};
  const isNativeOnly = native !== undefined &&
    native.serializationType === worker.serializationType;
  await proveValues(worker, isNativeOnly ? native.values : jsonValues(omissions), 20_000);
  if (native) await proveValues(worker, native.values, 10_000, native.serializationType);
}
