/** The codec of a serializer of the user's own. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { CustomCodec, DBOSSerializer } from "./codec.ts";
import { isObject, requireArgs, withoutText } from "./decoding.ts";
import { toWorkflowError } from "./error_records.ts";

/** Makes the codec of a serializer. */
export function createCustomCodec(serializer: DBOSSerializer): CustomCodec {
  const name = serializer.name();

  async function parse(text: string): Promise<unknown> {
    try {
      return await serializer.parse(text);
    } catch (error) {
      // Its message may quote the text.
      const reason = "parse() of its serializer failed";
      throw new UnsupportedSerializationError(name, withoutText(error), reason);
    }
  }

  async function stringify(value: unknown, path: string): Promise<string> {
    const refuse = (reason: string, options?: ErrorOptions): never => {
      throw new TypeError(`Cannot serialize ${path} as ${name}: ${reason}`, options);
    };
    let text: unknown;
    try {
      text = await serializer.stringify(value ?? null);
    } catch (cause) {
      refuse("stringify() of the serializer failed", { cause });
    }
    if (typeof text !== "string") {
      return refuse(`stringify() returned a value of type ${typeof text}; expected a string`);
    }
    if (text.includes("\0") || !text.isWellFormed()) {
      refuse(
        "stringify() returned a text with a NUL character or a lone surrogate, which Postgres " +
          "cannot store; use base64",
      );
    }
    return text;
  }

  return {
    name,
    deserializeValue: parse,
    async deserializeArgs(text) {
      const value = await parse(text);
      try {
        // Workers in Python write an object.
        return requireArgs(isObject(value) && !Array.isArray(value) ? value.args : value);
      } catch (error) {
        throw new UnsupportedSerializationError(name, error);
      }
    },
    deserializeError: async (text) => toWorkflowError(await parse(text)),
    serializeValue: (value, path = "value") => stringify(value, path),
    async serializeArgs(args, namedArgs, path = "") {
      if (serializer.argsFormat === "python") {
        return await stringify({ args, kwargs: namedArgs ?? {} }, `${path}args`);
      }
      if (!namedArgs) return await stringify(args, `${path}args`);
      throw new TypeError(
        `Cannot serialize namedArgs as ${name}: use serializationType "portable", or argsFormat ` +
          '"python" in the serializer',
      );
    },
  };
}
