/** Reads pickles, base64 and a line each, and prints of each what it is refused for. */
import { deserializeValue } from "../../src/serialization/mod.ts";

for (const text of (await new Response(Deno.stdin.readable).text()).split("\n")) {
  console.log(
    await deserializeValue(text, "py_pickle").then(() => "It was read", ({ message }) => message),
  );
}
