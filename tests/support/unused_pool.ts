/** Has the shape of a Pool of npm:pg, and counts what is sent. */
export class UnusedPool {
  readonly totalCount = 0;
  statements = 0;

  query(): Promise<{ rows: [] }> {
    this.statements++;
    return Promise.resolve({ rows: [] });
  }

  connect(): Promise<void> {
    this.statements++;
    return Promise.resolve();
  }
}
