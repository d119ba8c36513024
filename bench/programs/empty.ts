import { reportPeakMemory } from "./peak_memory.ts";

reportPeakMemory();
