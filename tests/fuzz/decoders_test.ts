import { assert, assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { UnsupportedSerializationError, WorkflowError } from "../../mod.ts";
import { deserializeValue, findCodec } from "../../src/serialization/read.ts";
import { mutatedValues } from "./mutations.ts";
import { fuzzParameters, seed } from "./options.ts";
import { assertPlainData, assertPrototypesUntouched } from "./plain_data.ts";
import { type StoredValue, storedValues } from "./stored_values.ts";

/** Returns what is read, or undefined if it is refused. Every other error is a failure. */
async function read(load: () => unknown, { text }: StoredValue): Promise<unknown> {
  try {
    return await load();
  } catch (error) {
    assertInstanceOf(error, UnsupportedSerializationError);
    assert(error.cause !== undefined, "the cause is missing");
    // No error quotes the value.
    assert(error.message.length < 1_000 && !(text.length > 20 && error.message.includes(text)));
  }
}

async function checkReaders(stored: StoredValue): Promise<void> {
  const { serialization, text } = stored;
  const codec = await findCodec(serialization, text);
  const value = await read(() => deserializeValue(text, serialization), stored);
  const args = await read(() => ({ args: codec.deserializeArgs(text) }), stored);
  const error = await read(() => codec.deserializeError(text), stored);
  // Pickles may share objects. All that they expand to is limited, too.
  const maxSize = serialization === "py_pickle" || serialization === null
    ? 3_000_000
    : 10 * text.length + 100;
  for (const result of [value, args, error]) assertPlainData(result, maxSize);
  if (error !== undefined) {
    assertInstanceOf(error, WorkflowError);
    const { name, message, stack } = error;
    assert([name, message, stack].every((text) => typeof text === "string"));
    assert(typeof String(error) === "string");
  }
  assertPrototypesUntouched();
}

for (const values of storedValues) {
  const format = values[0]!.serialization ?? "no format";
  Deno.test(`every damaged value of ${format} is plain data or refused (seed ${seed})`, async () => {
    for (const stored of values) await checkReaders(stored);
    await fc.assert(
      fc.asyncProperty(mutatedValues(values), checkReaders),
      fuzzParameters(10_000 / storedValues.length),
    );
  });
}
