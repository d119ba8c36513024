/** Verifies that a live worker returns generated values unchanged. */
import fc, { type Arbitrary } from "fast-check";
import { inspect, isDeepStrictEqual } from "node:util";
import { getEvent, send, type SerializationType } from "../../mod.ts";
import { jsonValues, pickleValues, serdeValues, superjsonValues } from "./round_trip_values.ts";
import type { LiveWorker } from "./suite.ts";

const timeout = { timeoutSeconds: 600 };
const batchLength = 200;

/** The limits of a language. */
interface Limits {
  /** The native format, if this client writes it, and the values to write in it. */
  native?: { serializationType: SerializationType; values: Arbitrary<unknown> };
  /** The values to write as portable JSON, if they must be others. */
  portableValues?: Arbitrary<unknown>;
  /** Whether it returns the keys of an object in another order. */
  reordersKeys?: boolean;
  /** Whether the native format can be used only for workflows of one argument. */
  takesOneArgument?: boolean;
}

/** The limits of each language, by its native format. */
const limits: Record<string, Limits> = {
  js_superjson: {
    native: {
      serializationType: "native",
      // superjson rejects prototype keys; the superjson of the SDK misreads dates and so on that it
      // writes under a key with a dot.
      values: superjsonValues({ prototypeKeys: true, dottedKeys: true }),
    },
  },
  py_pickle: {
    native: { serializationType: "py_pickle", values: pickleValues({}) },
  },
  DBOS_JSON: {
    native: {
      serializationType: "DBOS_JSON",
      // Go keeps such integers exactly, so they come back as a bigint.
      values: jsonValues({ loneSurrogates: true, longIntegers: true }),
    },
    reordersKeys: true,
    takesOneArgument: true,
  },
  java_jackson: {
    reordersKeys: true,
  },
  rust_serde: {
    native: {
      serializationType: "rust_serde",
      // Rust keeps such integers exactly, so they come back as a bigint.
      values: serdeValues({ loneSurrogates: true, longIntegers: true, deepNesting: true }),
    },
    // Rust reads 127 levels, and writes all events in its own format.
    portableValues: jsonValues({ loneSurrogates: true, longIntegers: true, deepNesting: true }),
    reordersKeys: true,
  },
};

// Lone surrogates are refused: Go and Java replace them, and a Python workflow that returns one does
// not end.
const portableValues = jsonValues({ loneSurrogates: true });

/** The `serializationType` of a native format, if this client writes it. */
export function writtenAs(nativeFormat: string): SerializationType | undefined {
  return limits[nativeFormat]?.native?.serializationType;
}

/** A format, by default that of the client. */
type Format = { serializationType?: SerializationType } | undefined;

/** Sends a batch and returns it; `formatOfSeveral` is the format for several arguments. */
type Route = (
  worker: LiveWorker,
  batch: unknown[],
  format: Format,
  formatOfSeveral: Format,
) => Promise<unknown>;

const asArgument: Route = async ({ start }, batch, format) => {
  const handle = await start({ workflowName: "echoOne", ...format }, batch);
  return await handle.getResult(timeout);
};

const asEvent: Route = async ({ client, start }, batch, _format, formatOfSeveral) => {
  const options = { workflowName: "publish", ...formatOfSeveral };
  const { workflowID } = await start(options, "values", batch);
  return await getEvent(client, workflowID, "values", timeout);
};

const asMessage: Route = async ({ client, start }, batch, format, formatOfSeveral) => {
  const options = { workflowName: "waitForMessage", ...formatOfSeveral };
  const { workflowID, getResult } = await start(options, "values");
  await send(client, workflowID, batch, { topic: "values", ...format });
  return await getResult(timeout);
};

const routes: Route[] = [asEvent, asMessage];

/** JSON with the keys in their order. It omits Maps and Sets, which few formats keep in order. */
function toOrderedJSON(value: unknown): string {
  return JSON.stringify(value, (_key, value) => typeof value === "bigint" ? null : value);
}

function isSame(received: unknown, sent: unknown, reordersKeys = false): boolean {
  return isDeepStrictEqual(received, sent) &&
    (reordersKeys || toOrderedJSON(received) === toOrderedJSON(sent));
}

/** Sends most batches as arguments, and the others as events and messages. */
async function verifyValues(
  worker: LiveWorker,
  values: Arbitrary<unknown>,
  count: number,
  serializationType?: SerializationType,
): Promise<void> {
  const { reordersKeys, takesOneArgument } = limits[worker.nativeFormat] ?? {};
  const format = serializationType && { serializationType };
  const formatOfSeveral = takesOneArgument ? undefined : format;
  await Promise.all(Array.from({ length: count / batchLength }, async (_, seed) => {
    const route = routes[seed % 10] ?? asArgument;
    const sent = fc.sample(values, { numRuns: batchLength, seed });
    const received = await route(worker, sent, format, formatOfSeveral) as unknown[] | null;
    for (const [index, value] of sent.entries()) {
      if (isSame(received?.[index], value, reordersKeys)) continue;
      const [was, is] = [value, received?.[index]].map((value) => inspect(value, { depth: 8 }));
      throw new Error(
        `Value ${index} of seed ${seed}, ${route.name} in the format ${serializationType}, was\n${was}\n` +
          `and came back as\n${is}`,
      );
    }
  }));
}

/** Sends 20,000 values in the client's format, and 10,000 in the native format of the language. */
export async function verifyRoundTrips(worker: LiveWorker): Promise<void> {
  const { native, portableValues: portable = portableValues } = limits[worker.nativeFormat] ?? {};
  const isNativeOnly = native !== undefined &&
    native.serializationType === worker.serializationType;
  await verifyValues(worker, isNativeOnly ? native.values : portable, 20_000);
  if (native) await verifyValues(worker, native.values, 10_000, native.serializationType);
}
