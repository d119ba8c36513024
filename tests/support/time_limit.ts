/**
 * Loaded before each file of tests. It gives every test a time limit, so that one that hangs fails
 * by name instead of stopping the whole run. Most tests take seconds. Deno has limits since 2.9.
 */
const timeout = 1_200_000;
const registerTest = Deno.test as (definition: Deno.TestDefinition) => void;

// Where Deno finds the place of a test that it reports, if that is not the caller of Deno.test().
const location = Symbol.for("Deno.test.location");

type TestFunction = Deno.TestDefinition["fn"];

function findCaller(): string | undefined {
  // After the message, this function and the one that replaces Deno.test().
  return new Error().stack?.split("\n")[3]?.match(/file:.*:\d+:\d+/)?.[0];
}

/** Takes what Deno.test() takes: a name or a definition, or both, and a function or none. */
function registerWithLimit(...args: (string | Partial<Deno.TestDefinition> | TestFunction)[]) {
  const definition: Record<string, unknown> & { fn?: TestFunction } = { timeout };
  for (const arg of args) {
    if (typeof arg === "string") definition.name = arg;
    else if (typeof arg === "function") definition.fn = arg;
    else Object.assign(definition, arg);
  }
  const { fn } = definition;
  definition.name ??= fn!.name;
  definition.fn = Object.assign((test: Deno.TestContext) => fn!(test), {
    [location]: findCaller(),
  });
  registerTest(definition as unknown as Deno.TestDefinition);
}

Object.assign(Deno, { test: Object.assign(registerWithLimit, Deno.test) });
