/** Compares what calls were told with what is in the database. */
import { callKinds } from "./calls.ts";
import { type EffectName, effects } from "./effects.ts";
import type { CallRecord } from "./load.ts";
import type { PostgresNode } from "./node.ts";

/** How calls ended. */
export interface Verdict {
  readonly calls: number;
  /** Calls that failed with the error that the fault explains. They may have their effects. */
  readonly refused: number;
  /** Calls that failed with another error. */
  readonly failed: number;
  /** Calls that were acknowledged, without all their effects or with a wrong result. */
  readonly lost: number;
  /** Calls that have more effects than one call has. */
  readonly doubled: number;
  /** Calls that did not settle in time. */
  readonly hung: number;
  /** How many calls were refused with which error. */
  readonly errors: Readonly<Record<string, number>>;
  /** The first calls that failed, were lost or doubled, or hung. */
  readonly examples: readonly string[];
}

/** Counts the effects of each call whose ID begins with `prefix`. */
async function countEffects(
  server: PostgresNode,
  prefix: string,
): Promise<Map<EffectName, Map<string, number>>> {
  const counts = new Map<EffectName, Map<string, number>>();
  for (const [name, statement] of Object.entries(effects)) {
    const rows = await server.query(
      `select id, count(*)::int as count from (${statement}) as effect
      where starts_with(id, $1) group by id`,
      [`${prefix}-`],
    );
    const counted = rows.map(({ id, count }) => [String(id), Number(count)] as const);
    counts.set(name as EffectName, new Map(counted));
  }
  return counts;
}

/** Judges the calls of a load that has stopped. */
export async function judge(
  server: PostgresNode,
  prefix: string,
  records: readonly CallRecord[],
  refusedWith?: string,
): Promise<Verdict> {
  const counts = await countEffects(server, prefix);
  const errors: Record<string, number> = {};
  const examples: string[] = [];
  const sums = { refused: 0, failed: 0, lost: 0, doubled: 0, hung: 0 };
  function add(kind: keyof typeof sums, record: CallRecord, detail: string): void {
    sums[kind]++;
    if (examples.length < 10) examples.push(`${kind}: ${record.kind} ${record.id} ${detail}`);
  }

  for (const record of records) {
    const { kind, id, outcome, error } = record;
    if (outcome === "refused") {
      errors[error!] = (errors[error!] ?? 0) + 1;
      if (refusedWith !== undefined && error!.includes(refusedWith)) sums.refused++;
      else add("failed", record, `with ${record.detail}`);
    }
    if (outcome === "hung") add("hung", record, "");
    if (outcome === "wrong") add("lost", record, "has another result");
    for (const [name, expected] of Object.entries(callKinds[kind]!.leaves ?? {})) {
      const found = counts.get(name as EffectName)!.get(id) ?? 0;
      const detail = `left ${found} of ${expected} ${name}`;
      if (outcome === "acknowledged" && found < expected) add("lost", record, detail);
      if (found > expected) add("doubled", record, detail);
    }
  }
  return { calls: records.length, ...sums, errors, examples };
}
