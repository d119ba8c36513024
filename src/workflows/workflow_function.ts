/** What the type of a workflow function says to those that call it from outside. */

/** The result of a workflow, where `Workflow` is its type or the type of the workflow function. */
export type WorkflowResult<Workflow> = Workflow extends (...args: never[]) => infer Result
  ? Awaited<Result>
  : Workflow;

/** The arguments of a workflow, if `Workflow` is the type of the workflow function; otherwise any. */
export type WorkflowArgs<Workflow> = Workflow extends (...args: infer Args) => unknown ? Args
  : WorkflowArg[];

/** The arguments of a workflow that also gets named ones: any of them may be left out. */
export type OptionalWorkflowArgs<Workflow> = Workflow extends (...args: infer Args) => unknown
  ? Partial<Args>
  : WorkflowArg[];

/** An argument of a workflow: anything but functions, symbols and Promises, which cannot be stored. */
export type WorkflowArg =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | (object & { readonly then?: never; readonly [Symbol.hasInstance]?: never })
  // Without the properties that this allows, an object literal would have unknown ones.
  | { readonly then?: never; readonly [name: string]: unknown };
