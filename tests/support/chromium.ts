/** A real browser: Chromium as the system has it, driven by `npm:playwright-core`. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const executablePath: string = Deno.env.get("DBOS_TEST_CHROMIUM") ?? "/usr/bin/chromium";

/** Why no browser can be started here; undefined if one can. */
export const missingChromium: string | undefined = existsSync(executablePath)
  ? undefined
  : `${executablePath} is missing`;

// It must look nothing up on the network, and the tests may run as root.
const args = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

/** Starts a browser with a fresh profile. */
export async function startChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath, headless: true, args });
}
