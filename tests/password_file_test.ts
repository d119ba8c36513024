import { assertEquals } from "@std/assert";
import { findPassword, readPassword } from "../src/connection/password_file.ts";

const key = { host: "db.example", port: 5432, database: "shop", user: "alice" };

Deno.test("a password is that of the first line that matches", () => {
  const text = [
    "# db.example:5432:shop:alice:comment",
    "#db.example:5432:shop:alice:comment",
    "",
    "other.example:5432:shop:alice:other host",
    "db.example:5433:shop:alice:other port",
    "db.example:5432:store:alice:other database",
    "db.example:5432:shop:bob:other user",
    "db.example:5432:shop:alice",
    "db.example:*:*:alice:secret",
    "*:*:*:*:later",
  ].join("\r\n");
  assertEquals(findPassword(text, key), "secret");
  assertEquals(findPassword(text, { ...key, user: "carol" }), "later");
  assertEquals(findPassword("*:*:*:*:x", key), "x");
  assertEquals(findPassword("", key), undefined);
  // It says that there is none.
  assertEquals(findPassword("*:*:*:*:\n*:*:*:*:later", key), "");
});

Deno.test("a backslash in a file of passwords takes the meaning from the next character", () => {
  const find = (line: string, host: string) => findPassword(line, { ...key, host });
  assertEquals(find("\\:\\:1:*:*:*:a\\:b\\\\c:d", "::1"), "a:b\\c");
  assertEquals(find("\\*:*:*:*:x", "db.example"), undefined);
  assertEquals(find("\\*:*:*:*:x", "*"), "x");
});

Deno.test("the default socket directory is localhost in a file of passwords", () => {
  const host = "/var/run/postgresql";
  assertEquals(findPassword("localhost:*:*:*:x", { ...key, host }), "x");
  assertEquals(findPassword("/tmp:*:*:*:x", { ...key, host: "/tmp" }), "x");
});

Deno.test("the default file of passwords is that of the home folder", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${home}/.pgpass`, "*:*:*:*:secret\n", { mode: 0o600 });
    const module = new URL("../src/connection/password_file.ts", import.meta.url);
    const program = `import { readPassword } from ${JSON.stringify(module)};
      console.log(await readPassword(undefined, ${JSON.stringify(key)}));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", program],
      env: { HOME: home },
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "secret\n");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("what is not a file has no password", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await new Deno.Command("mkfifo", { args: ["-m", "600", `${folder}/fifo`] }).output();
    for (const path of [folder, `${folder}/fifo`, `${folder}/missing`]) {
      assertEquals(await readPassword(path, key), undefined);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
