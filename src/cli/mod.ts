#!/usr/bin/env node
/**
 * A command line for DBOS: it enqueues, watches, lists and manages workflows, and says what is wrong
 * with a system database. docs/cli.md describes it.
 *
 * ```sh
 * deno run -A jsr:@dbos-community/client/cli --help
 * ```
 *
 * This module is a program: importing it runs it.
 *
 * @module
 */

import { runProgram } from "./app.ts";
import { exitCodes } from "./errors.ts";
import { endOnSignals, process } from "./terminal.ts";

endOnSignals({ SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated });
// Reads of stdin that nobody waits for any more would keep the process alive.
process.exit(await runProgram(process.argv.slice(2)));
