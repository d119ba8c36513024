const maxWaitSeconds = 600;

/** Polls until a condition holds. It fails after ten minutes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + maxWaitSeconds * 1000;
  while (!await condition()) {
    if (performance.now() > deadline) {
      throw new Error(`Still not true after ${maxWaitSeconds} s: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
