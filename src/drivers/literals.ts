import type { Query, Value } from "../query.ts";

const utf8 = new TextEncoder();

// Base64 has neither quotes nor backslashes nor dollars, so no text can end the literal that holds
// it, whatever the server's settings are.
function toBase64(text: string): string {
  const bytes = utf8.encode(text);
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(binary);
}

function toLiteral(value: Value): string {
  if (typeof value === "string") {
    return `convert_from(decode('${toBase64(value)}','base64'),'UTF8')`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`Cannot write ${value} as an SQL literal`);
  }
  return String(value);
}

/**
 * A query as one text without parameters, for the simple protocol: it crosses the network in one
 * packet each way and needs nothing of the session, so it passes any transaction pooler.
 */
export function inlineValues(query: Query): string {
  const literals = query.values.map(toLiteral);
  return query.text.replace(/\$(\d+)/g, (_, index: string) => literals[Number(index) - 1]!);
}
