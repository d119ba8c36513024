import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UnsupportedSerializationError } from "../mod.ts";
import { deserializeValue } from "../src/serialization/read.ts";
import { deserializeError } from "./support/deserialize_error.ts";

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function pickledText(text: string): string {
  return `X${String.fromCharCode(text.length, 0, 0, 0)}${text}`;
}

/** Pickles that run a command when Python loads them, in each way that pickles allow. */
const reducers: Record<string, (command: string) => string> = {
  "a call of a function": (command) => `\x80\x02cos\nsystem\n${pickledText(command)}\x85R.`,
  "a name from the stack": (command) =>
    `\x80\x04${pickledText("os")}${pickledText("system")}\x93${pickledText(command)}\x85R.`,
  "an instance of protocol 0": (command) => `(${pickledText(command)}ios\nsystem\n.`,
  "an object of protocol 1": (command) => `(cos\nsystem\n${pickledText(command)}o.`,
  "a function of another module": (command) =>
    `\x80\x02csubprocess\ngetoutput\n${pickledText(command)}\x85R.`,
  "a call of the result of a call": (command) =>
    `\x80\x02cbuiltins\ngetattr\ncbuiltins\n__import__\n${pickledText("os")}\x85R${
      pickledText("system")
    }` +
    `\x86R${pickledText(command)}\x85R.`,
  "text that is evaluated": (command) =>
    `\x80\x02cbuiltins\neval\n${
      pickledText(`__import__("os").system(${JSON.stringify(command)})`)
    }\x85R.`,
  "text that is executed": (command) =>
    `\x80\x02cbuiltins\nexec\n${
      pickledText(`import os; os.system(${JSON.stringify(command)})`)
    }\x85R.`,
  "a call whose result is discarded": (command) =>
    `\x80\x02cos\nsystem\n${pickledText(command)}\x85R0N.`,
  "a call within a list": (command) => `\x80\x02](cos\nsystem\n${pickledText(command)}\x85RK\x01e.`,
  "a call within the state of an object": (command) =>
    `\x80\x02ccollections\nOrderedDict\n)R}${pickledText("a")}cos\nsystem\n${
      pickledText(command)
    }\x85Rsb.`,
};

const isPythonInstalled = await new Deno.Command("python3", { args: ["--version"], stdout: "null" })
  .output().then(({ success }) => success, () => false);

Deno.test("py_pickle runs no command of a pickle that makes Python run it", async (test) => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [index, [name, reducer]] of Object.entries(reducers).entries()) {
      await test.step(name, async () => {
        const file = `${folder}/${index}`;
        const text = btoa(reducer(`touch ${file}`));
        await Promise.allSettled([
          deserializeValue(text, "py_pickle"),
          deserializeError(text, "py_pickle"),
        ]);
        assertEquals(existsSync(file), false);
        if (!isPythonInstalled || Deno.build.os === "windows") return;
        // Python runs the command, which shows that the attack is real.
        const load = "import base64, pickle, sys; pickle.loads(base64.b64decode(sys.argv[1]))";
        await new Deno.Command("python3", { args: ["-c", load, text], stderr: "null" }).output();
        assert(existsSync(file));
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const megabyte = 2 ** 20;

function repeatedTo(length: number, text: string): string {
  return text.repeat(length / text.length);
}

/** Nested lists that each contain the previous one a hundred times, through the memo. */
function memoBomb(levels: number): string {
  const level = (_: unknown, i: number) =>
    `](${`h${String.fromCharCode(i)}`.repeat(100)}eq${String.fromCharCode(i + 1)}0`;
  return `\x80\x02Nq\x000${Array.from({ length: levels }, level).join("")}` +
    `h${String.fromCharCode(levels)}.`;
}

/** The keys of a dict, each followed by a pickled value. */
function entries(count: number, value: string): string {
  return Array.from({ length: count }, (_, i) => `K${String.fromCharCode(i & 255)}${value}`).join(
    "",
  );
}

/** Pickles of lengths that a worker might write, and why they are rejected. */
const bombs: Record<string, [pickle: () => string, reason: string]> = {
  "nested lists": [
    () => `${"]".repeat(400_000)}${"a".repeat(399_999)}.`,
    "nested deeper than 1000 levels",
  ],
  "nested tuples": [() => `)${"\x85".repeat(900_000)}.`, "nested deeper than 1000 levels"],
  "nested states": [
    () => `${"ca\nb\n)R".repeat(150_000)}${"b".repeat(149_999)}.`,
    "nested deeper than 1000 levels",
  ],
  "a memo that expands": [() => memoBomb(100), "expands to more than 1000000 items"],
  "a memo with many entries": [
    () => `\x80\x04N${"\x94".repeat(4 * megabyte)}.`,
    "more than 1000000 items",
  ],
  "a large memo index": [() => "Nr\xff\xff\xff\xff0j\xfe\xff\xff\xff.", "unknown memo index"],
  "a dict that contains the memo": [
    () => `\x80\x02]q\x00](${"h\0".repeat(500_000)}eq\x01}(h\0h\x01K\x01h\x01u.`,
    "expands to more than 1000000 items",
  ],
  "sets of the list that they are in": [
    () => `]q\x00cbuiltins\nset\nq\x01h\x00\x85q\x0200(${"h\x01h\x02R".repeat(60_000)}e.`,
    "copies more than 1000000 items",
  ],
  "objects whose state is the dict that they are in": [
    () => `}q\x00ca\nb\nq\x01)q\x0200(${entries(60_000, "h\x01h\x02Rh\x00b")}u.`,
    "copies more than 1000000 items",
  ],
  "objects with a pair of states that they are in": [
    () => `}q\x00ca\nb\nq\x01)q\x02Nh\x00\x86q\x03000(${entries(60_000, "h\x01h\x02Rh\x03b")}u.`,
    "copies more than 1000000 items",
  ],
  "objects made of a large tuple": [
    () =>
      `(ca\nb\n${"N".repeat(500_000)}tq\x00ccopyreg\n__newobj__\nq\x01](${
        "h\x01h\x00R".repeat(100_000)
      }e.`,
    "more than 1000000 items",
  ],
  "many errors": [
    () => `cbuiltins\nValueError\nq\x01)q\x02](${"h\x01h\x02R".repeat(250_000)}e.`,
    "more than 10000 errors",
  ],
  "many marks": [() => "(".repeat(4 * megabyte), "more than 1000000 items"],
  "many lists": [() => `](${"]".repeat(4 * megabyte)}e.`, "more than 1000000 items"],
  "many objects": [
    () => `](${repeatedTo(4 * megabyte, "ca\nb\n)R")}e.`,
    "more than 1000000 items",
  ],
  "many integers": [
    () => `](${repeatedTo(25 * megabyte, `\x8a\xff${"\x01".repeat(255)}`)}e.`,
    "expands to more than 1000000 items",
  ],
  "many lone surrogates": [
    () => `X\0\0\x60\0${"\xed\xa0\x80".repeat(2 * megabyte)}.`,
    "more than 1000000 items",
  ],
  "a length of 4 GB": [() => "\x80\x02X\xff\xff\xff\xff.", "unexpected end of data"],
  "a length of 16 EB": [
    () => "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
    "unexpected end of data",
  ],
  "a frame that is longer than the data": [
    () => "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
    "unexpected end of data",
  ],
  "an integer of a million digits": [() => `I${"9".repeat(megabyte)}\n.`, "too many digits"],
  "an unterminated line": [() => `V${"x".repeat(4 * megabyte)}`, "unexpected end of data"],
  "more characters than the limit": [
    () => "N".repeat(73 * megabyte),
    "longer than 100663296 characters",
  ],
};

Deno.test("py_pickle rejects pickles that would take excessive time or memory", async () => {
  const texts = Object.values(bombs).map(([pickle]) => btoa(pickle()));
  const limits = ["--v8-flags=--max-old-space-size=512"];
  const reader = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--no-check", ...limits, pathOf("vectors/read_pickles.ts")],
    signal: AbortSignal.timeout(60_000),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = reader.output();
  await new Blob([texts.join("\n")]).stream().pipeTo(reader.stdin);
  const { success, stdout } = await output;
  assert(success);
  const messages = new TextDecoder().decode(stdout).trimEnd().split("\n");
  for (const [index, [name, [, reason]]] of Object.entries(bombs).entries()) {
    assertStringIncludes(messages[index]!, reason, name);
  }
});

Deno.test("py_pickle rejects a pickle that is truncated anywhere", async () => {
  for (const reducer of Object.values(reducers)) {
    const whole = reducer("touch file");
    for (let length = 0; length < whole.length; length++) {
      await assertRejects(
        () => deserializeValue(btoa(whole.slice(0, length)), "py_pickle"),
        UnsupportedSerializationError,
      );
    }
  }
});
