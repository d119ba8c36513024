/** What all commands are made with. */

import type { Command, CommandContext } from "@stricli/core";
import { briefs, type CommandName } from "./briefs.ts";

/** A command of the program. */
export type CliCommand = Command<CommandContext>;

export const programName = "dbos-client";

const maxLineLength = 100;

/** Breaks a text into lines. */
function wrap(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last && last.length + word.length >= maxLineLength) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join("\n");
}

/** The help of a command: its arguments, what it does, and examples. */
export function describe(
  name: CommandName,
  usage: string,
  text: string,
  ...examples: readonly string[]
): { readonly brief: string; readonly fullDescription: string; readonly customUsage: string[] } {
  const lines = examples.map((example) => `  ${example}`);
  const description = [`${briefs[name]}.`, text].filter(Boolean).join(" ");
  return {
    brief: briefs[name],
    fullDescription: `${wrap(description)}\n\nEXAMPLES\n${lines.join("\n")}`,
    customUsage: [["[FLAGS]", usage].filter(Boolean).join(" ")],
  };
}
