/**
 * Loaded before each file of tests. It gives every test a time limit, so that one that hangs fails
 * by name instead of stopping the whole run. Most tests take seconds. Deno before 2.9 has no limits.
 */
const timeout = 1_200_000;
const registerTest = Deno.test as (definition: Deno.TestDefinition) => void;

type Definition = Partial<Deno.TestDefinition>;
type TestFunction = Deno.TestDefinition["fn"];

/** Takes what Deno.test() takes: a name or a definition, or both, and a function or none. */
function registerWithLimit(...args: (string | Definition | TestFunction)[]): void {
  const definition: Definition = { timeout };
  for (const arg of args) {
    if (typeof arg === "string") definition.name = arg;
    else if (typeof arg === "function") definition.fn = arg;
    else Object.assign(definition, arg);
  }
  definition.name ??= definition.fn!.name;
  registerTest(definition as Deno.TestDefinition);
}

Deno.test = Object.assign(registerWithLimit as typeof Deno.test, Deno.test);
