import { assertEquals } from "@std/assert";
import { sha256 } from "../src/database/sha_256.ts";

async function sha256OfPlatform(text: string): Promise<number[]> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const view = new DataView(digest);
  return Array.from({ length: 8 }, (_, index) => view.getUint32(4 * index));
}

Deno.test("sha256() is the SHA-256 of the platform, for texts of any length", async () => {
  for (let length = 0; length < 260; length++) {
    const text = Array.from({ length }, (_, index) => "aé😀\0"[(index * length) % 5] ?? "x").join(
      "",
    );
    assertEquals([...sha256(text)], await sha256OfPlatform(text));
  }
});
