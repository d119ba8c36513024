import { assertEquals } from "@std/assert";
import { createTestDatabase } from "./support/database.ts";
import { explainCalls } from "./support/plans.ts";
import { populate } from "./support/populate.ts";

Deno.test("calls use an index wherever the schema has one", async () => {
  await using database = await createTestDatabase();
  await populate(database.url, 50_000);
  const plans = await explainCalls(database.url);
  assertEquals(plans.filter(({ fault }) => fault), []);
});
