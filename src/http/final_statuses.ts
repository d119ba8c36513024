/** The statuses of workflows that have ended. */
export const finalStatuses: readonly string[] = [
  "SUCCESS",
  "ERROR",
  "CANCELLED",
  "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
];
