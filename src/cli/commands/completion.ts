/** The command that prints completion scripts. They call the program, so they never get out of date. */

import { buildCommand } from "@stricli/core";
import { type CliCommand, describe, programName } from "../command.ts";
import { UsageError } from "../errors.ts";
import { stdout } from "../terminal.ts";

const scripts: Readonly<Record<string, string>> = {
  bash: `_dbos_client() {
  local IFS=$'\\n'
  COMPREPLY=($(${programName} __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _dbos_client ${programName}
`,
  zsh: `#compdef ${programName}
_dbos_client() {
  local -a proposals
  proposals=("\${(@f)$(${programName} __complete "\${(@)words[2,CURRENT]}" 2>/dev/null |
    sed 's/:/\\\\:/g; s/\\t/:/')}")
  _describe '' proposals || _files
}
compdef _dbos_client ${programName}
`,
  fish: `complete -c ${programName} -a \\
  '(${programName} __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** Parses the name of a shell. */
function asShell(name: string): string {
  if (Object.hasOwn(scripts, name)) return name;
  throw new UsageError(`expected one of ${Object.keys(scripts).join(", ")}`);
}

export const completion: CliCommand = buildCommand({
  docs: describe(
    "completion",
    "bash|zsh|fish",
    "Load it in the file that your shell reads when it starts.",
    `source <(${programName} completion bash)`,
    `source <(${programName} completion zsh)   # after compinit`,
    `${programName} completion fish | source`,
  ),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        parse: asShell,
        brief: "bash, zsh or fish",
        placeholder: "shell",
        proposeCompletions: (partial) =>
          Object.keys(scripts).filter((name) => name.startsWith(partial)),
      }],
    },
  },
  func: (_flags: Record<never, never>, shell: string) => stdout.write(scripts[shell]!),
});
