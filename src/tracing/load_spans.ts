/** Loads the spans, and npm:@opentelemetry/api with them. */
export async function loadSpans(): Promise<typeof import("./spans.ts")> {
  try {
    return await import("./spans.ts");
  } catch (cause) {
    throw new TypeError(
      "Cannot trace calls: the package @opentelemetry/api cannot be loaded. Install it, with " +
        "`npm install @opentelemetry/api` or the like, or leave out the option tracing",
      { cause },
    );
  }
}
