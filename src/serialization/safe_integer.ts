/** Converts a bigint to a number if it is a safe integer, and returns it unchanged otherwise. */
export function asNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
