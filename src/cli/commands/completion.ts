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
  proposals=(\${(f)"$(${programName} __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  proposals=("\${(@)proposals//:/\\\\:}")
  proposals=("\${(@)proposals/$'\\t'/:}")
  if (( $#proposals )); then _describe '' proposals; else _files; fi
}
compdef _dbos_client ${programName}
`,
  fish: `function _dbos_client
  set -l proposals (${programName} __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  if set -q proposals[1]
    printf '%s\\n' $proposals
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c ${programName} -f -a '(_dbos_client)'
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
