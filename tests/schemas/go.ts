/**
 * Older releases of DBOS for Go. Releases from 1.0 on run the application of tests/interop/go/ with
 * the modules of `go/<version>.mod`; older ones have their own. After a change of a module file,
 * `go mod tidy -modfile=<file>` updates it.
 */
import { fileURLToPath } from "node:url";
import {
  buildGo,
  go,
  goFolder,
  type Language,
  noDeadlineBeforeStart,
} from "../interop/languages.ts";

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function createRelease(
  version: string,
  folder: string,
  options: string[],
  others: Partial<Language>,
): Language {
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const program = pathOf(`go/.cache/app-${version}${suffix}`);
  return {
    ...go,
    name: `Go ${version}`,
    install: () => buildGo(folder, program, options),
    command: [program],
    ...others,
  };
}

function createReleaseBefore18(version: string): Language {
  const options = [`-modfile=${pathOf(`go/${version}.mod`)}`, "-tags=before_1_8"];
  return createRelease(version, goFolder, options, {
    childFormat: "portable_json",
    unsupported: {
      ...go.unsupported,
      ...noDeadlineBeforeStart,
      "The authenticated user": "workflows cannot read it",
    },
  });
}

const oneArgument = "a workflow has one argument";
const noStreams = "workflows can write streams since 0.11";
const messageOnly = "only the message of an error is stored";

export const goReleases: Language[] = [
  // The first release that has a client.
  createRelease("0.6.0", pathOf("go/before_0_8"), [], {
    unsupported: {
      "Arguments written in its native format":
        "workers read gobs, which this client does not write",
    },
  }),
  createRelease("0.8.0", pathOf("go/before_1_0"), [], {
    serializationType: "DBOS_JSON",
    // All arguments as one list, except for the workflow that has one argument.
    toArguments: (args, workflowName) => workflowName === "echoOne" ? args : [args],
    unsupported: {
      ...go.unsupported,
      ...noDeadlineBeforeStart,
      "Several arguments, or none": oneArgument,
      "Named arguments": oneArgument,
      "A method of a configured instance": "workflows are functions only, up to 0.17",
      "An error in its native format": messageOnly,
      "An error's name and message": messageOnly,
      "An error's code and data": messageOnly,
      "Streams": noStreams,
      "Events and streams in its native format": noStreams,
      "The authenticated user": "workflows cannot read it",
    },
  }),
  createReleaseBefore18("1.0.0"),
  createReleaseBefore18("1.2.0"),
];
