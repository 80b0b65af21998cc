/** Marks a promise as one that is awaited later: until then its failure is nobody's surprise. */
export function watched<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
