/** The older releases whose workers are tested, each on the system database that it creates. */
import type { Language } from "../interop/languages.ts";
import { goReleases } from "./go.ts";
import { pythonReleases } from "./python.ts";
import { typeScriptReleases } from "./typescript.ts";

export const releases: Language[] = [...typeScriptReleases, ...pythonReleases, ...goReleases];
