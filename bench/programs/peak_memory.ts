/** Prints the peak memory of the process in bytes. */
export function reportPeakMemory(): void {
  let bytes = Deno.memoryUsage().rss;
  if (Deno.build.os === "linux") {
    const status = Deno.readTextFileSync("/proc/self/status");
    bytes = Number(/VmHWM:\s*(\d+)/.exec(status)![1]) * 1024;
  }
  console.log(bytes);
}
