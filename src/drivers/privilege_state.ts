/** Recognises the error for a privilege that is missing. */

import { sqlStateOf } from "./sql_state.ts";

/** The function of the server that raised an error: it tells errors of one SQLSTATE apart. */
function routineOf(error: unknown): string | undefined {
  const { routine, fields } = (error ?? {}) as Record<string, unknown>;
  return (routine ?? (fields as { routine?: string } | undefined)?.routine) as string | undefined;
}

const insufficientPrivilege = "42501";

/** Whether an error means that a privilege is missing, and not that a row is refused. */
export function isPrivilegeMissing(error: unknown): error is Error {
  if (sqlStateOf(error) !== insufficientPrivilege || !(error instanceof Error)) return false;
  const routine = routineOf(error);
  // Row-level security and triggers have the same SQLSTATE.
  return routine ? routine.startsWith("aclcheck") : /^permission denied for /.test(error.message);
}
