/** Errors of values that a contract does not allow. */

/** One thing that is wrong with a value. */
export interface ContractIssue {
  /** What is wrong, as the schema says it, without the values that it was checked with. */
  readonly message: string;
  /** The keys that lead to it, from the value of the field; empty if it is the value itself. */
  readonly path: readonly PropertyKey[];
}

const maxIssues = 5;
const maxCharacters = 200;

function describe({ message, path }: ContractIssue): string {
  const text = message.length > maxCharacters ? `${message.slice(0, maxCharacters)}…` : message;
  const place = path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join(
    "",
  );
  return place ? `${place.replace(/^\./, "")}: ${text}` : text;
}

/** A value that is sent to a workflow, or read of it, is not one that its contract allows. */
export class ContractError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ContractError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the workflow. */
    readonly workflowName: string,
    /**
     * The field of the contract: `args`, `namedArgs`, `result`, or one of `events.KEY`, `messages.TOPIC`
     * and `streams.KEY`.
     */
    readonly field: string,
    /** What is wrong with the value. */
    readonly issues: readonly ContractIssue[],
  ) {
    const action = /^(args|namedArgs|messages)/.test(field) ? "send" : "read";
    const texts = issues.slice(0, maxIssues).map(describe);
    if (issues.length > maxIssues) texts.push(`and ${issues.length - maxIssues} more`);
    super(
      `Cannot ${action} ${field} of workflow ${workflowName}: the contract does not allow the value: ` +
        texts.join("; "),
    );
  }
}
