/** Reads pickles, one per line in base64, and prints the error of each. */
import { deserializeValue } from "../../src/serialization/read.ts";

for (const text of (await new Response(Deno.stdin.readable).text()).split("\n")) {
  console.log(
    await deserializeValue(text, "py_pickle").then(() => "It was read", ({ message }) => message),
  );
}
