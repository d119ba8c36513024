/** The result of a promise, or undefined if it does not settle in time. */
export async function within<Result>(
  timeoutMs: number,
  promise: Promise<Result>,
): Promise<Result | undefined> {
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => timeout.resolve(undefined), timeoutMs);
  return await Promise.race([promise, timeout.promise]).finally(() => clearTimeout(timer));
}
