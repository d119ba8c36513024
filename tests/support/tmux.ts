/** A real terminal, which tmux emulates. */
import { assert } from "@std/assert";
import { isInstalled } from "./is_installed.ts";
import { run } from "./run_example.ts";

/** Why there is no terminal here, if so. */
export const unavailable: string | undefined = isInstalled("tmux")
  ? undefined
  : "tmux is not installed";

export interface Terminal extends AsyncDisposable {
  /** Types a line, such as an answer to a question. */
  type(line: string): Promise<void>;
  /** Types a command. */
  start(command: string): Promise<void>;
  /** Presses a key, as tmux names it, such as `C-c`. */
  press(key: string): Promise<void>;
  /** What the terminal shows; with styles if `withStyles`, as escape sequences. */
  screen(withStyles?: boolean): Promise<string>;
  /** Waits until what the terminal shows matches, and returns it. */
  until(pattern: RegExp, withStyles?: boolean): Promise<string>;
  /** Types a command, waits until it has ended, and returns its exit code. */
  run(command: string): Promise<number>;
  /** Waits until the command that was started last has ended, and returns its exit code. */
  ended(): Promise<number>;
  /** A variable of tmux, such as `cursor_flag`. */
  variable(name: string): Promise<string>;
  /** Clears the screen. */
  clear(): Promise<void>;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** Opens a terminal with a shell. Its window and its processes end with it. */
export async function openTerminal(
  { env = {}, columns = 100, rows = 30 }: TerminalOptions = {},
): Promise<Terminal> {
  const folder = await Deno.makeTempDir({ prefix: "test_tmux_" });
  const tmux = (...args: string[]) => run(["tmux", "-S", `${folder}/socket`, ...args]);
  // Not with tmux's own option: a login shell, which tmux may start first, sets PATH anew.
  const variables = Object.entries({ PS1: "$ ", ...env }).map((entry) => entry.join("="));
  const size = ["-x", String(columns), "-y", String(rows)];
  await tmux("-f", "/dev/null", "new-session", "-d", ...size, "env", ...variables, "sh");

  async function screen(withStyles = false): Promise<string> {
    return await tmux("capture-pane", "-p", ...withStyles ? ["-e"] : []);
  }

  async function until(pattern: RegExp, withStyles = false): Promise<string> {
    const deadline = Date.now() + 600_000;
    while (true) {
      const text = await screen(withStyles);
      if (pattern.test(text)) return text;
      assert(Date.now() < deadline, `${pattern} does not appear:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function press(key: string): Promise<void> {
    await tmux("send-keys", key);
  }

  async function type(line: string): Promise<void> {
    await tmux("send-keys", "-l", line);
    await press("Enter");
  }

  let marker = "";

  async function start(command: string): Promise<void> {
    marker = `code-${crypto.randomUUID().slice(0, 8)}`;
    // Typed with the command: a program that asks something would read what is typed after it.
    await type(`${command}; echo ${marker}=$?`);
  }

  async function ended(): Promise<number> {
    const pattern = new RegExp(`${marker}=(\\d+)`);
    return Number(pattern.exec(await until(pattern))![1]);
  }

  return {
    type,
    start,
    press,
    screen,
    until,
    ended,
    async run(command) {
      await start(command);
      return await ended();
    },
    variable: async (name) => (await tmux("display-message", "-p", `#{${name}}`)).trim(),
    async clear() {
      await type("clear");
      await until(/^\$ ?\n*$/);
    },
    async [Symbol.asyncDispose]() {
      await tmux("kill-server");
      await Deno.remove(folder, { recursive: true });
    },
  };
}
