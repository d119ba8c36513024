/**
 * `deno task test:interop`: tests the features of suite.ts with a live worker of each language and
 * of older releases, every function on the schema of each, that older workers can share a database
 * with newer ones, that schedules fire, that a serializer of one's own is interchangeable, that traces go
 * on in Python, and that counts equal those of Go. Then it checks that MATRIX.md and docs/compatibility.md
 * have the results; with `-- --write` it updates them.
 */
import { assertEquals } from "@std/assert";
import { releases } from "../schemas/releases.ts";
import { verifyEveryCall } from "./calls.ts";
import { verifyGoCounts } from "./go_counts.ts";
import { go, type Language, languages, python, rust } from "./languages.ts";
import { type Column, formatMatrix, readColumn, updateCompatibility } from "./matrix.ts";
import { verifyFeatures } from "./verify.ts";
import { testDocuments } from "./readme.ts";
import { verifyRustArguments } from "./rust_arguments.ts";
import { findOldestWithSchedules, verifySchedules } from "./schedules.ts";
import { verifySerializer } from "./serializers.ts";
import { isOlder, verifySharing } from "./share.ts";
import { features } from "./suite.ts";
import { verifyTracing } from "./tracing.ts";

const matrixFile = new URL("MATRIX.md", import.meta.url);
const compatibilityFile = new URL("../../docs/compatibility.md", import.meta.url);
const all = [...releases, ...languages];
const columns = new Map<Language, Column>();
const unavailable = new Map<Language, string>();
await Promise.all(all.map(async (language) => {
  const reason = await language.install();
  if (reason) unavailable.set(language, reason);
}));

for (const language of all) {
  const reason = unavailable.get(language);
  Deno.test({
    name: `each feature works with the worker in ${language.name} or is rejected${
      reason ? ` (skipped: ${reason})` : ""
    }`,
    ignore: reason !== undefined,
    async fn(context) {
      const column = await verifyFeatures(language, context);
      if (column) columns.set(language, column);
    },
  });
}

for (const language of all) {
  Deno.test({
    name: `every function works with the schema of ${language.name} or says what it lacks`,
    ignore: unavailable.has(language),
    fn: () => verifyEveryCall(language),
  });
}

for (const language of all.filter(isOlder)) {
  Deno.test({
    name: `the worker in ${language.name} shares a database with the newest TypeScript worker`,
    ignore: unavailable.has(language),
    fn: () => verifySharing(language),
  });
}

const withScheduler = languages.filter((language) => !language.hasNoScheduler);
for (const language of [...withScheduler, ...findOldestWithSchedules(releases)]) {
  Deno.test({
    name: `schedules of the client and of the worker fire with the worker in ${language.name}`,
    ignore: unavailable.has(language),
    fn: () => verifySchedules(language),
  });
}

for (const language of languages.filter(({ argsFormat }) => argsFormat)) {
  Deno.test({
    name:
      `a serializer of the user's own is interchangeable with that of a worker in ${language.name}`,
    ignore: unavailable.has(language),
    fn: () => verifySerializer(language),
  });
}

Deno.test({
  name: "a workflow in Rust stays PENDING if it cannot read its arguments",
  ignore: unavailable.has(rust),
  fn: () => verifyRustArguments(rust),
});

Deno.test({
  name: "counts of workflows and steps equal those of Go",
  ignore: unavailable.has(go),
  fn: () => verifyGoCounts(go),
});

Deno.test({
  name: "the spans of a client and of a worker in Python are one trace",
  ignore: unavailable.has(python),
  fn: verifyTracing,
});

testDocuments(unavailable.get(python));

Deno.test("MATRIX.md and docs/compatibility.md have the results", async () => {
  const text = await Deno.readTextFile(matrixFile).catch(() => "");
  const compatibility = await Deno.readTextFile(compatibilityFile);
  const columnOf = (language: Language) => columns.get(language) ?? readColumn(text, language.name);
  const results = [
    features.map(({ name }) => name),
    languages.map(columnOf),
    releases.map(columnOf),
  ] as const;
  const matrix = formatMatrix(...results);
  const updatedCompatibility = updateCompatibility(compatibility, ...results);
  if (Deno.args.includes("--write")) {
    await Deno.writeTextFile(matrixFile, matrix);
    await Deno.writeTextFile(compatibilityFile, updatedCompatibility);
    return;
  }
  const advice = "run `deno task test:interop -- --write`";
  assertEquals(text, matrix, `MATRIX.md is stale: ${advice}`);
  assertEquals(compatibility, updatedCompatibility, `docs/compatibility.md is stale: ${advice}`);
});
