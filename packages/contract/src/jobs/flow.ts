/** What a cycle-free order of jobs is made of: for each job the positions of those that it depends on. */
export type Dependencies = readonly (readonly number[])[];

export type FlowOrder =
  | { readonly ok: true; readonly order: readonly number[] }
  | { readonly ok: false; readonly cyclic: readonly number[] };

/**
 * An order in which every job comes after those that it depends on, the given one where that is such an order; or the jobs
 * that can have no place in one, because they depend on themselves by way of others or on jobs that do.
 */
export function flowOrder(dependencies: Dependencies): FlowOrder {
  if (dependencies.every((on, job) => on.every((dependency) => dependency < job))) {
    return { ok: true, order: [...dependencies.keys()] };
  }
  const dependents: number[][] = dependencies.map(() => []);
  const open = dependencies.map((on, job) => {
    for (const dependency of on) dependents[dependency]?.push(job);
    return on.length;
  });
  const order = open.flatMap((count, job) => (count === 0 ? [job] : []));
  // `order` grows while it is walked.
  for (const job of order) {
    for (const dependent of dependents[job] ?? []) {
      const left = (open[dependent] ?? 0) - 1;
      open[dependent] = left;
      if (left === 0) order.push(dependent);
    }
  }
  if (order.length === dependencies.length) return { ok: true, order };
  return { ok: false, cyclic: open.flatMap((count, job) => (count > 0 ? [job] : [])) };
}
