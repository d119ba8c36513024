/** A call that gets a span. */
export interface TracedCall {
  /** The function, as in `getStatus()`. */
  readonly name: string;
  /** Whether it sends workflows or messages; otherwise it is a query. */
  readonly isSending?: boolean;
  /** What is known of it before it is made. */
  readonly details?: CallDetails;
}

/** What a span says of its call. */
export interface CallDetails {
  /** The queue that a workflow is put on. */
  readonly queueName?: string | undefined;
  /** The workflow that a message is sent to. */
  readonly destinationID?: string | undefined;
  readonly workflowName?: string | undefined;
  readonly workflowID?: string | undefined;
  /** The number of workflows or messages. */
  readonly count?: number | undefined;
}

/** The attributes of a workflow. */
export type WorkflowAttributes = Record<string, unknown>;
