import { routineOf } from "../drivers/driver_error.ts";
import { sqlStateOf } from "../drivers/sql_state.ts";

const insufficientPrivilege = "42501";

/** Whether an error means that a privilege is missing, and not that a row is refused. */
function isPrivilegeMissing(error: unknown): error is Error {
  if (sqlStateOf(error) !== insufficientPrivilege || !(error instanceof Error)) return false;
  const routine = routineOf(error);
  // Row-level security and triggers have the same SQLSTATE.
  return routine ? routine.startsWith("aclcheck") : /^permission denied for /.test(error.message);
}

/** The error for the caller: it says which privileges a statement needs if the role lacks one. */
export async function explainRefusal(
  error: unknown,
  statement: { readonly name: string; readonly text: string },
  schema: string,
): Promise<unknown> {
  if (!isPrivilegeMissing(error)) return error;
  // Loaded on demand: it is for the message of an error only.
  const { toPrivilegeError } = await import("./missing_privilege.ts");
  return toPrivilegeError(error, statement, schema) ?? error;
}
