/** Whether packages of JSR can be loaded: on some networks it is out of reach. */
export async function isJsrInReach(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(3_000);
    const response = await fetch("https://jsr.io/@std/assert/meta.json", { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
